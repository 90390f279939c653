// SPDX-License-Identifier: GPL-3.0-or-later
// Binds the filters of the wrinkle stage.
#include <pybind11/pybind11.h>

#include "checks.hpp"
#include "progress.hpp"
#include "wrinkle_levels.hpp"
#include "wrinkle_normals.hpp"
#include "wrinkle_patches.hpp"
#include "wrinkle_views.hpp"

namespace py = pybind11;
using namespace wrinkle;

namespace {

py::array_t<float> texture_level_py(const py::object& rgb, const py::object& alpha, const py::object& skin, int k,
                                    const py::object& progress) {
    const auto bytes = array<std::uint8_t>(rgb, "rgb", {any, any, 3});
    const std::int64_t size = bytes.shape(0);
    check_range(static_cast<double>(size), "rgb's rows", 1, 16384);
    const auto opaque = array<std::uint8_t>(alpha, "alpha", {size, size});
    check_array(bytes, "rgb", py::dtype::of<std::uint8_t>(), {size, size, 3});
    py::array_t<float> weights;
    if (!skin.is_none()) {
        weights = array<float>(skin, "skin", {size, size});
        check_all_finite(weights, "skin");
    }
    check_range(k, "k", 1, 256);
    Progress told(progress, "Reading the texture");
    const std::int64_t n = (size + k - 1) / k;
    auto out = zero_array<float>({n, n, 4});
    const float* mask = skin.is_none() ? nullptr : weights.data();
    const Image target = image(out);
    py::gil_scoped_release release;
    texture_level(bytes.data(), opaque.data(), mask, static_cast<int>(size), k, target, &told);
    return out;
}

py::array_t<float> coarser_level_py(const py::object& level, int k) {
    const auto in = map_of(level, "level", 4);
    check_range(k, "k", 1, 256);
    auto out = new_array<float>({(in.shape(0) + k - 1) / k, (in.shape(1) + k - 1) / k, 4});
    const ConstImage source = view(in);
    const Image target = image(out);
    py::gil_scoped_release release;
    coarser_level(source, target, k);
    return out;
}

// In place, unlike all others: a level is the largest array of the stage.
void relit_py(const py::object& level, const py::object& gain, const py::object& keep) {
    auto target = map_of(level, "level", 4);
    const std::int64_t height = target.shape(0), width = target.shape(1);
    py::array_t<float> factors[2];
    const float* data[2] = {nullptr, nullptr};
    for (int i = 0; i < 2; ++i) {
        const py::object& given = i ? keep : gain;
        if (given.is_none()) continue;
        factors[i] = array<float>(given, i ? "keep" : "gain", {height, width});
        data[i] = factors[i].data();
    }
    float* values = target.mutable_data();
    const Image image{values, static_cast<int>(height), static_cast<int>(width), 4};
    py::gil_scoped_release release;
    relit(image, data[0], data[1]);
}

py::array_t<float> highpassed_py(const py::object& level, double sigma) {
    const auto in = map_of(level, "level", 4);
    check_all_finite(in, "level");
    check_range(sigma, "sigma", 0.1, 1e4);
    auto out = zero_array<float>({in.shape(0), in.shape(1), 4});
    const ConstImage source = view(in);
    const Image target = image(out);
    py::gil_scoped_release release;
    highpassed(source, target, sigma);
    return out;
}

py::array_t<float> gaussian_py(const py::object& values, double sigma) {
    check_array(values, "image", py::dtype::of<float>(), {any, any, any});
    const auto in = py::reinterpret_borrow<py::array_t<float>>(values);
    check_range(static_cast<double>(in.shape(2)), "channels", 1, 16);
    check_sides(in, "image");
    check_range(sigma, "sigma", 0.1, 300);
    auto out = zero_array<float>({in.shape(0), in.shape(1), in.shape(2)});
    const ConstImage source = view(in);
    const Image target = image(out);
    py::gil_scoped_release release;
    gaussian(source, target, sigma);
    return out;
}

py::array_t<float> structure_tensor_py(const py::object& maps, const py::object& metric, double units, int r) {
    const auto in = map_of(maps, "maps", 4);
    const auto grid = metric_of(metric);
    check_range(units, "units", 1, 1e6);
    check_range(r, "r", 1, 4096);
    auto out = zero_array<float>({(in.shape(0) + r - 1) / r, (in.shape(1) + r - 1) / r, 3});
    const ConstImage source = view(in);
    const Image target = image(out);
    const Metric geometry{grid.data(), static_cast<int>(grid.shape(0)), units};
    py::gil_scoped_release release;
    structure_tensor(source, geometry, r, target);
    return out;
}

py::array_t<float> soft_gate_py(const py::object& relief, const py::object& metric, double units, double tau, double sigma) {
    const auto in = map_of(relief, "relief", 1);
    const auto grid = metric_of(metric);
    check_range(units, "units", 1, 1e6);
    check_range(tau, "tau", 0, 10);
    check_range(sigma, "sigma", 0.1, 300);
    auto out = zero_array<float>({in.shape(0), in.shape(1), 1});
    const ConstImage source = view(in);
    const Image target = image(out);
    const Metric geometry{grid.data(), static_cast<int>(grid.shape(0)), units};
    py::gil_scoped_release release;
    soft_gate(source, geometry, static_cast<float>(tau), sigma, target);
    return out;
}

// An enlarged map must be covered by the small one.
std::int64_t enlarged_size(const py::array_t<float>& in, int k, std::int64_t size) {
    check_range(k, "k", 1, 256);
    check_range(static_cast<double>(size), "size", 1, 16384);
    const auto n = static_cast<double>((size + k - 1) / k);
    check_range(static_cast<double>(in.shape(0)), "image's rows", n, n);
    check_range(static_cast<double>(in.shape(1)), "image's columns", n, n);
    return size;
}

py::array_t<float> enlarge_cubic_py(const py::object& values, int k, std::int64_t size, const py::object& progress) {
    const auto in = map_of(values, "image", 1);
    enlarged_size(in, k, size);
    Progress told(progress, "Enlarging the relief");
    auto out = new_array<float>({size, size});
    const ConstImage source = view(in);
    float* target = out.mutable_data();
    py::gil_scoped_release release;
    enlarge_cubic(source, k, target, static_cast<int>(size), &told);
    return out;
}

py::array_t<std::uint8_t> enlarge_bytes_py(const py::object& values, int k, std::int64_t size) {
    const auto in = map_of(values, "image", 1);
    enlarged_size(in, k, size);
    check_all_finite(in, "image");
    auto out = new_array<std::uint8_t>({size, size});
    const ConstImage source = view(in);
    std::uint8_t* target = out.mutable_data();
    py::gil_scoped_release release;
    enlarge_bytes(source, k, target, static_cast<int>(size));
    return out;
}

py::array_t<std::uint16_t> normals_py(const py::object& displacement, const py::object& metric, double factor,
                                      const py::object& progress) {
    const auto in = array<float>(displacement, "displacement", {any, any});
    const std::int64_t size = in.shape(0);
    check_range(static_cast<double>(size), "displacement's rows", 1, 16384);
    check_array(in, "displacement", py::dtype::of<float>(), {size, size});
    check_all_finite(in, "displacement");
    const auto grid = metric_of(metric);
    check_range(factor, "factor", 0, 1e3);
    Progress told(progress, "Making the normal map");
    auto out = new_array<std::uint16_t>({size, size, 3});
    const Metric geometry{grid.data(), static_cast<int>(grid.shape(0)), static_cast<double>(size)};
    std::uint16_t* target = out.mutable_data();
    py::gil_scoped_release release;
    normals(in.data(), static_cast<int>(size), geometry, static_cast<float>(factor), target, &told);
    return out;
}

}  // namespace

void bind_wrinkle_net(py::module_& m);
void bind_wrinkle_confidence(py::module_& m);

void bind_wrinkles(py::module_& m) {
    using py::arg;
    m.def("texture_level", &texture_level_py, arg("rgb"), arg("alpha"), arg("skin"), arg("k"), arg("progress") = py::none());
    m.def("coarser_level", &coarser_level_py, arg("level"), arg("k"));
    m.def("relit", &relit_py, arg("level"), arg("gain"), arg("keep"));
    m.def("highpassed", &highpassed_py, arg("level"), arg("sigma"));
    m.def("gaussian", &gaussian_py, arg("image"), arg("sigma"));
    m.def("structure_tensor", &structure_tensor_py, arg("maps"), arg("metric"), arg("units"), arg("r"));
    m.def("soft_gate", &soft_gate_py, arg("relief"), arg("metric"), arg("units"), arg("tau"), arg("sigma"));
    m.def("enlarge_cubic", &enlarge_cubic_py, arg("image"), arg("k"), arg("size"), arg("progress") = py::none());
    m.def("enlarge_bytes", &enlarge_bytes_py, arg("image"), arg("k"), arg("size"));
    m.def("normal_map", &normals_py, arg("displacement"), arg("metric"), arg("factor") = 1.0, arg("progress") = py::none());
    bind_wrinkle_net(m);
    bind_wrinkle_confidence(m);
}
