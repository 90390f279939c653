// SPDX-License-Identifier: GPL-3.0-or-later
// Binds the network and what happens to patches.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>

#include "checks.hpp"
#include "progress.hpp"
#include "wrinkle_patches.hpp"
#include "wrinkle_views.hpp"

namespace py = pybind11;
using namespace wrinkle;

namespace {

const std::map<std::string, Op> plain_ops = {{"avgpool2", Op::avgpool2},
                                             {"upsample2", Op::upsample2},
                                             {"unshuffle2", Op::unshuffle2},
                                             {"shuffle2", Op::shuffle2}};

void add_conv(Net& net, const py::tuple& step, int kernel) {
    if (step.size() != 3) throw py::value_error("program: a convolution is (kind, weights, bias)");
    const py::object weight_object = step[1], bias_object = step[2];
    const auto weights = array<float>(weight_object, "weights", {any, any, kernel, kernel});
    const std::int64_t out = weights.shape(0), in = weights.shape(1);
    check_range(static_cast<double>(out), "outputs of a convolution", 1, 512);
    check_range(static_cast<double>(in), "inputs of a convolution", 1, 512);
    const auto bias = array<float>(bias_object, "bias", {out});
    check_finite(weights, "weights");
    check_finite(bias, "bias");
    net.conv(weights.data(), bias.data(), static_cast<int>(out), static_cast<int>(in), kernel);
}

void add_step(Net& net, const py::tuple& step) {
    const auto kind = step.size() > 0 && py::isinstance<py::str>(step[0]) ? step[0].cast<std::string>() : std::string();
    const auto plain = plain_ops.find(kind);
    if (kind == "conv3x3" || kind == "conv1x1") {
        add_conv(net, step, kind == "conv3x3" ? 3 : 1);
    } else if (kind == "relu" && step.size() == 1) {
        net.relu();
    } else if (plain != plain_ops.end() && step.size() == 1) {
        net.simple(plain->second);
    } else if ((kind == "save" || kind == "concat") && step.size() == 2 && py::isinstance<py::str>(step[1])) {
        kind == "save" ? net.save(step[1].cast<std::string>()) : net.concat(step[1].cast<std::string>());
    } else {
        throw py::value_error("program: a step that is not known: " + std::string(py::repr(step)));
    }
}

Net make_net(int size, int channels, const py::list& program) {
    Net net(size, channels);
    for (const py::handle& step : program) {
        if (!py::isinstance<py::tuple>(step)) throw py::type_error("program: want a list of tuples");
        add_step(net, py::reinterpret_borrow<py::tuple>(step));
    }
    net.finish();
    return net;
}

struct PlaceArrays {
    py::array_t<float> at, steps;
    Places places;
};

PlaceArrays places_of(const py::object& at, const py::object& steps, int size) {
    PlaceArrays arrays{array<float>(at, "at", {any, 2}), {}, {}};
    const std::int64_t count = arrays.at.shape(0);
    arrays.steps = array<float>(steps, "steps", {count, 2, 2});
    check_range(static_cast<double>(count), "patches", 0, 100000);
    check_range(size, "size", 8, 256);
    check_finite(arrays.at, "at");
    check_finite(arrays.steps, "steps");
    arrays.places = {arrays.at.data(), arrays.steps.data(), count, size};
    return arrays;
}

py::array_t<float> sample(const py::object& maps, const py::object& at, const py::object& steps, int size,
                          const py::object& progress) {
    const auto in = map_of(maps, "maps", 4);
    const PlaceArrays where = places_of(at, steps, size);
    Progress told(progress, "Sampling patches");
    auto out = new_array<float>({where.places.count, 4, size, size});
    const ConstImage source = view(in);
    float* target = out.mutable_data();
    py::gil_scoped_release release;
    sample_patches(source, where.places, target, &told);
    return out;
}

py::array_t<float> run(const Net& net, const py::object& inputs, const py::object& progress) {
    const auto in = array<float>(inputs, "inputs", {any, net.channels(), net.size(), net.size()});
    Progress told(progress, "Predicting relief");
    auto out = new_array<float>({in.shape(0), net.size(), net.size()});
    const std::int64_t count = in.shape(0);
    const float* source = in.data();
    float* target = out.mutable_data();
    py::gil_scoped_release release;
    run_net(net, source, count, target, &told);
    return out;
}

py::array_t<float> predict(const Net& net, const py::object& maps, const py::object& at, const py::object& steps,
                           const py::object& constants, const py::object& progress) {
    const auto in = map_of(maps, "maps", 4);
    check_range(net.channels(), "channels of the network", 4, 64);
    const PlaceArrays where = places_of(at, steps, net.size());
    const auto planes = array<float>(constants, "constants", {where.places.count, net.channels() - 4});
    check_finite(planes, "constants");
    Progress told(progress, "Predicting relief");
    auto out = new_array<float>({where.places.count, net.size(), net.size()});
    const ConstImage source = view(in);
    const float* values = planes.data();
    float* target = out.mutable_data();
    py::gil_scoped_release release;
    predict_patches(net, source, where.places, values, target, &told);
    return out;
}

py::array_t<float> merge(const py::object& values, const py::object& at, const py::object& steps, std::int64_t height,
                         std::int64_t width, double floor, const py::object& progress) {
    const auto in = array<float>(values, "values", {any, any, any});
    const std::int64_t size = in.shape(1);
    check_range(static_cast<double>(size), "size", 8, 256);
    const PlaceArrays where = places_of(at, steps, static_cast<int>(size));
    check_array(in, "values", py::dtype::of<float>(), {where.places.count, size, size});
    check_range(static_cast<double>(height), "height", 1, 16384);
    check_range(static_cast<double>(width), "width", 1, 16384);
    check_range(floor, "floor", 1e-6, 100);
    Progress told(progress, "Merging patches");
    auto out = new_array<float>({height, width, 1});
    const Image target = image(out);
    const float* source = in.data();
    py::gil_scoped_release release;
    merge_patches(source, where.places, target, static_cast<float>(floor), &told);
    return out;
}

}  // namespace

void bind_wrinkle_net(py::module_& m) {
    using py::arg;
    py::class_<Net>(m, "Net")
        .def(py::init(&make_net), arg("size"), arg("channels"), arg("program"))
        .def_property_readonly("size", &Net::size)
        .def_property_readonly("channels", &Net::channels)
        .def_property_readonly("multiply_adds", &Net::multiply_adds)
        .def("run", &run, arg("inputs"), arg("progress") = py::none())
        .def("predict", &predict, arg("maps"), arg("at"), arg("steps"), arg("constants"), arg("progress") = py::none());
    m.def("sample_patches", &sample, arg("maps"), arg("at"), arg("steps"), arg("size"), arg("progress") = py::none());
    m.def("merge_patches", &merge, arg("values"), arg("at"), arg("steps"), arg("height"), arg("width"), arg("floor"),
          arg("progress") = py::none());
    m.def(
        "multiply_add_peak",
        [](double seconds) {
            check_range(seconds, "seconds", 0.001, 10);
            py::gil_scoped_release release;
            return multiply_add_peak(seconds);
        },
        arg("seconds") = 0.2);
}
