// SPDX-License-Identifier: GPL-3.0-or-later
// What of a mesh is seen in a photo.
#pragma once

#include <cstdint>
#include <vector>

#include "mesh.hpp"

namespace wrinkle {

// The depth of a triangle as an affine function on a DepthBuffer's pixels, and the tolerance that its slope asks for.
struct DepthPlane {
    Affine depth;
    double tolerance;
};

// The nearest depth per pixel over the mesh's bounding box, at a resolution of its own: the longer side has kSide pixels
// whatever the photo's, since a mesh knows nothing finer, and neither memory nor time depend on the photo.
class DepthBuffer {
public:
    static constexpr std::int64_t kSide = 384;

    // depth: per vertex, larger is nearer. The GIL must be released.
    DepthBuffer(const GridMesh& mesh, const float* depth);

    // From photo pixels to the buffer's.
    Point place(const Point& p) const { return {(p.x - left_) * scale_, (p.y - top_) * scale_}; }
    double scale() const { return scale_; }

    // `bias`: depth by which something must be nearer to hide. `gradient`: of the depth, per buffer pixel.
    static DepthPlane plane(Affine depth, double bias);

    // Whether nothing hides the plane at this pixel. Comparing with the plane continued to the pixel's centre, not with the depth
    // at the point asked for, keeps slopes from hiding themselves. Outside the buffer nothing hides.
    bool open(std::int64_t row, std::int64_t column, const DepthPlane& plane) const {
        if (row < 0 || column < 0 || row >= rows_ || column >= columns_) return true;
        const double own = plane.depth.at(static_cast<double>(column), static_cast<double>(row));
        return static_cast<double>(nearest_[static_cast<std::size_t>(row * columns_ + column)]) <= own + plane.tolerance;
    }

    // How many of the pixels top..bottom x left..right, both included, are open.
    std::int64_t count_open(std::int64_t top, std::int64_t bottom, std::int64_t left, std::int64_t right,
                            const DepthPlane& plane) const;

    // How open the surroundings (4 x 4 pixels, cubic B-spline weights) of the point are: 0 on and behind the edge of what hides,
    // rising to 1 within about two pixels.
    double visible(const Point& p, const DepthPlane& plane) const;

private:
    double left_ = 0.0, top_ = 0.0, scale_ = 1.0;
    std::int64_t rows_ = 0, columns_ = 0;
    std::vector<float> nearest_;
};

// Area-weighted vertex normals of the mesh in camera space (x right, y down, z = depth), `unit` being depth per pixel of the photo:
// per vertex x, y, z, not normalised. The triangles are counter-clockwise seen from outside, so z > 0 faces the viewer.
std::vector<double> camera_normals(const GridMesh& mesh, const float* depth, double unit);

}  // namespace wrinkle
