#pragma once

#include <array>
#include <variant>
#include <vector>

#include "apps/image/sample.h"
#include "engine/core/choice.h"

namespace dmf {

/// What lies outside of an image.
enum class Outside { black, reflect };

inline constexpr Named<Outside> kOutsides[] = {
    {"black", Outside::black, "nothing: intensity 0, background"},
    {"reflect", Outside::reflect, "the image mirrored at its edge"}};

/// A place in an image: pixels down and to the right of its centre.
struct Place {
  double h = 0.0, w = 0.0;
};

/// (h, w) becomes (hh h + hw w + h0, wh h + ww w + w0).
struct AffineMap {
  double hh = 1.0, hw = 0.0, wh = 0.0, ww = 1.0, h0 = 0.0, w0 = 0.0;

  Place operator()(Place p) const { return {hh * p.h + hw * p.w + h0, wh * p.h + ww * p.w + w0}; }
  /// First `inner`, then this.
  AffineMap after(const AffineMap& inner) const;
};

/// A smooth displacement: a uniform cubic B-spline between vectors on a grid of points that spans
/// the image; the outermost go on beyond it.
struct Displacement {
  int points = 2;                    // of the grid, on each side; at least 2
  double height = 0.0, width = 0.0;  // of the image in pixels
  std::vector<Place> moves;          // [points, points], in pixels

  Place operator()(Place p) const;
};

/// Where the pixels of a moved image come from. Every geometric transform of a composition adds its
/// step, and the image is resampled once.
class Warp {
 public:
  /// Adds a transform behind those that are there. `from` is its inverse: to a place in its result
  /// it gives the place that is seen there.
  void add(const AffineMap& from);
  void add(Displacement from);

  bool is_identity() const { return steps_.empty(); }
  /// The place in the image, before all transforms, that is seen at this one after them.
  Place operator()(Place p) const;

 private:
  using Step = std::variant<AffineMap, Displacement>;
  std::vector<Step> steps_;  // the first transform's first; no two affine ones side by side
};

/// The label of a place between four pixels: that with the largest sum of bilinear weights; of
/// equal ones that of the nearest pixel, else the least. Pixels to ignore have no say, but where the
/// nearest is one, the place is to be ignored too.
///
/// weights  0 or more
/// nearest  0 to 3
std::int32_t label_by_share(const std::array<std::int32_t, 4>& labels,
                            const std::array<double, 4>& weights, std::size_t nearest,
                            std::int32_t ignored);

/// Moves image and labels by one bilinear interpolation: the image's values, and probabilities of a
/// lesion where there are any, are weighted, labels go
/// by label_by_share(), the pixel half a pixel or more down or right being the nearer.
///
/// ignored  the label of pixels that take no part
void resample(Sample& sample, const Warp& warp, Outside outside, std::int32_t ignored);

}  // namespace dmf
