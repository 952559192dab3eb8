#include "apps/data/augmentation/warp.h"

#include <algorithm>
#include <cmath>

namespace dmf {
namespace {

/// The four weights of a uniform cubic B-spline, t in [0, 1] from the second point to the third.
std::array<double, 4> spline_weights(double t) {
  const double s = 1.0 - t;
  return {s * s * s / 6.0, (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
          (3.0 * s * s * s - 6.0 * s * s + 4.0) / 6.0, t * t * t / 6.0};
}

/// A pixel on one side, or -1 for none.
int inside(std::int64_t i, int size, Outside outside) {
  if (i >= 0 && i < size) return static_cast<int>(i);
  if (outside == Outside::black) return -1;
  const std::int64_t period = 2 * std::int64_t{size};
  const std::int64_t k = ((i % period) + period) % period;
  return static_cast<int>(k < size ? k : period - 1 - k);
}

/// What an output pixel is made of: four pixels, -1 where there is none, and their weights.
struct Taps {
  std::array<std::ptrdiff_t, 4> pixel;
  std::array<double, 4> weight;
  std::size_t nearest;
};

Taps taps_at(double h, double w, int height, int width, Outside outside) {
  const double floor_h = std::floor(h), floor_w = std::floor(w);
  const double fh = h - floor_h, fw = w - floor_w;
  const auto h0 = static_cast<std::int64_t>(floor_h), w0 = static_cast<std::int64_t>(floor_w);
  const std::array<int, 2> rows = {inside(h0, height, outside), inside(h0 + 1, height, outside)};
  const std::array<int, 2> cols = {inside(w0, width, outside), inside(w0 + 1, width, outside)};
  Taps taps{{}, {(1.0 - fh) * (1.0 - fw), (1.0 - fh) * fw, fh * (1.0 - fw), fh * fw}, 0};
  for (std::size_t k = 0; k < 4; ++k) {
    const int row = rows[k / 2], col = cols[k % 2];
    taps.pixel[k] = row < 0 || col < 0 ? -1 : std::ptrdiff_t{row} * width + col;
  }
  taps.nearest = (fh >= 0.5 ? 2u : 0u) + (fw >= 0.5 ? 1u : 0u);
  return taps;
}

/// One channel between the four pixels; 0 outside.
float weighted(const Image& image, const Taps& taps, int channel) {
  double value = 0.0;
  for (std::size_t k = 0; k < 4; ++k) {
    if (taps.pixel[k] < 0) continue;
    const auto index = static_cast<std::size_t>(taps.pixel[k] * image.channels + channel);
    value += taps.weight[k] * static_cast<double>(image.pixels[index]);
  }
  return static_cast<float>(value);
}

}  // namespace

AffineMap AffineMap::after(const AffineMap& inner) const {
  const Place origin = (*this)({inner.h0, inner.w0});
  return {hh * inner.hh + hw * inner.wh,
          hh * inner.hw + hw * inner.ww,
          wh * inner.hh + ww * inner.wh,
          wh * inner.hw + ww * inner.ww,
          origin.h,
          origin.w};
}

Place Displacement::operator()(Place p) const {
  const double last = points - 1;
  const double at_h = std::clamp((p.h / height + 0.5) * last, 0.0, last);
  const double at_w = std::clamp((p.w / width + 0.5) * last, 0.0, last);
  const int h0 = std::min(static_cast<int>(at_h), points - 2);
  const int w0 = std::min(static_cast<int>(at_w), points - 2);
  const auto row_weights = spline_weights(at_h - h0), col_weights = spline_weights(at_w - w0);
  Place moved = p;
  for (int i = 0; i < 4; ++i) {
    const int row = std::clamp(h0 + i - 1, 0, points - 1);
    for (int j = 0; j < 4; ++j) {
      const int col = std::clamp(w0 + j - 1, 0, points - 1);
      const double weight =
          row_weights[static_cast<std::size_t>(i)] * col_weights[static_cast<std::size_t>(j)];
      const Place& move = moves[static_cast<std::size_t>(row) * static_cast<std::size_t>(points) +
                                static_cast<std::size_t>(col)];
      moved.h += weight * move.h;
      moved.w += weight * move.w;
    }
  }
  return moved;
}

void Warp::add(const AffineMap& from) {
  if (!steps_.empty()) {
    if (auto* last = std::get_if<AffineMap>(&steps_.back())) {
      *last = last->after(from);
      return;
    }
  }
  steps_.emplace_back(from);
}

void Warp::add(Displacement from) {
  steps_.emplace_back(std::move(from));
}

Place Warp::operator()(Place p) const {
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    p = std::visit([&p](const auto& from) { return from(p); }, *step);
  }
  return p;
}

std::int32_t label_by_share(const std::array<std::int32_t, 4>& labels,
                            const std::array<double, 4>& weights, std::size_t nearest,
                            std::int32_t ignored) {
  const std::int32_t own = labels[nearest];
  if (own == ignored) return own;
  const auto share_of = [&](std::int32_t label) {
    double share = 0.0;
    for (std::size_t k = 0; k < 4; ++k) share += labels[k] == label ? weights[k] : 0.0;
    return share;
  };
  std::int32_t best = own;
  double most = share_of(own);
  for (const std::int32_t label : labels) {
    if (label == ignored || label == best) continue;
    const double share = share_of(label);
    if (share > most || (share == most && best != own && label < best)) {
      best = label;
      most = share;
    }
  }
  return best;
}

void resample(Sample& sample, const Warp& warp, Outside outside, std::int32_t ignored) {
  const Sample from = sample;
  const int height = from.image.height, width = from.image.width, C = from.image.channels;
  const double centre_h = 0.5 * (height - 1), centre_w = 0.5 * (width - 1);
  for (int h = 0; h < height; ++h) {
    for (int w = 0; w < width; ++w) {
      const Place place = warp({h - centre_h, w - centre_w});
      const Taps taps = taps_at(centre_h + place.h, centre_w + place.w, height, width, outside);
      for (int c = 0; c < C; ++c) sample.image.at(h, w, c) = weighted(from.image, taps, c);
      if (!from.lesion.pixels.empty()) sample.lesion.at(h, w) = weighted(from.lesion, taps, 0);
      std::array<std::int32_t, 4> labels{};
      for (std::size_t k = 0; k < 4; ++k) {
        if (taps.pixel[k] >= 0) {
          labels[k] = from.labels.labels[static_cast<std::size_t>(taps.pixel[k])];
        }
      }
      const bool one = labels[0] == labels[1] && labels[0] == labels[2] && labels[0] == labels[3];
      sample.labels.at(h, w) =
          one ? labels[0] : label_by_share(labels, taps.weight, taps.nearest, ignored);
    }
  }
}

}  // namespace dmf
