#include "apps/data/phantom.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "engine/core/check.h"
#include "engine/core/rng.h"

namespace dmf {
namespace {

constexpr double kPi = std::numbers::pi;

using Field = std::vector<double>;  // [size, size]

/// A smooth random function of one variable: a few sines with random phases, amplitude about 1.
class Waviness {
 public:
  Waviness(Rng& rng, int terms) {
    for (int k = 1; k <= terms; ++k) {
      terms_.push_back({static_cast<double>(k), rng.normal() / k, rng.uniform(0.0, 2.0 * kPi)});
    }
  }
  /// t  in units of periods of the slowest term
  double at(double t) const {
    double sum = 0.0;
    for (const Term& term : terms_)
      sum += term.amplitude * std::sin(2.0 * kPi * term.k * t + term.phase);
    return sum;
  }

 private:
  struct Term {
    double k, amplitude, phase;
  };
  std::vector<Term> terms_;
};

/// The lesion as a distance function in polar form about its centre.
class Lesion {
 public:
  Lesion(PhantomKind kind, int size, Rng& rng)
      : malignant_(kind == PhantomKind::malignant), wave_(rng, malignant_ ? 7 : 3) {
    radius_w_ = size * (malignant_ ? rng.uniform(0.10, 0.22) : rng.uniform(0.10, 0.25));
    // Benign lesions lie flat; malignant ones may be taller than wide.
    radius_h_ = radius_w_ * (malignant_ ? rng.uniform(0.7, 1.25) : rng.uniform(0.5, 0.85));
    centre_w_ = size * rng.uniform(0.28, 0.72);
    centre_h_ = size * rng.uniform(0.36, 0.66);
    tilt_ = rng.uniform(-0.35, 0.35);
    roughness_ = malignant_ ? rng.uniform(0.10, 0.18) : rng.uniform(0.02, 0.06);
    if (!malignant_) return;
    for (auto count = static_cast<int>(4 + rng.below(5)); count > 0; --count) {
      spicules_.push_back(
          {rng.uniform(0.0, 2.0 * kPi), rng.uniform(0.15, 0.4), rng.uniform(0.05, 0.14)});
    }
  }

  /// Below 1 inside, 1 on the outline.
  double level(double h, double w) const {
    const double dh = h - centre_h_, dw = w - centre_w_;
    const double u = (std::cos(tilt_) * dw + std::sin(tilt_) * dh) / radius_w_;
    const double v = (-std::sin(tilt_) * dw + std::cos(tilt_) * dh) / radius_h_;
    const double angle = std::atan2(v, u);
    double outline = 1.0 + roughness_ * wave_.at(angle / (2.0 * kPi));
    for (const Spicule& s : spicules_) {
      const double off = std::remainder(angle - s.angle, 2.0 * kPi) / s.width;
      outline += s.length * std::exp(-off * off);
    }
    return std::hypot(u, v) / std::max(outline, 0.3);
  }

  /// Strength of what lies behind the lesion: below 1 in a malignant one's shadow, above it behind
  /// a benign one (posterior enhancement).
  double behind(double h, double w, double effect) const {
    if (h < centre_h_) return 1.0;
    const double across = (w - centre_w_) / (0.85 * radius_w_);
    const double depth = std::clamp((h - centre_h_) / radius_h_, 0.0, 1.0);
    return 1.0 + (effect - 1.0) * depth * std::exp(-across * across * across * across);
  }

 private:
  struct Spicule {
    double angle, length, width;
  };
  bool malignant_;
  Waviness wave_;
  double radius_h_, radius_w_, centre_h_, centre_w_, tilt_, roughness_;
  std::vector<Spicule> spicules_;
};

struct Layer {
  double bottom;    // share of the depth
  double strength;  // of its scatterers
};

/// Weights exp(-x^2 / (2 sigma^2)) for |x| <= 3 sigma, odd count.
Field gaussian(double sigma) {
  const int r = std::max(1, static_cast<int>(std::ceil(3.0 * sigma)));
  Field weights;
  for (int x = -r; x <= r; ++x) weights.push_back(std::exp(-0.5 * x * x / (sigma * sigma)));
  return weights;
}

}  // namespace

std::string phantom_kind_name(PhantomKind kind) {
  switch (kind) {
    case PhantomKind::benign:
      return "benign";
    case PhantomKind::malignant:
      return "malignant";
    case PhantomKind::normal:
      return "normal";
  }
  return "";
}

Sample make_phantom(PhantomKind kind, int size, std::uint64_t seed) {
  DMF_CHECK(size >= 32, ValueError, "[phantom] size {}: expected at least 32 pixels.", size);
  Rng rng(seed, 0x7068616e746f6d);  // "phantom"
  const auto S = static_cast<std::size_t>(size);
  const auto at = [S](int h, int w) {
    return static_cast<std::size_t>(h) * S + static_cast<std::size_t>(w);
  };
  const bool has_lesion = kind != PhantomKind::normal;
  const Lesion lesion(kind, size, rng);
  const double lesion_strength =
      kind == PhantomKind::malignant ? rng.uniform(0.12, 0.32) : rng.uniform(0.10, 0.35);
  const double behind =
      kind == PhantomKind::malignant ? rng.uniform(0.25, 0.6) : rng.uniform(1.0, 1.6);
  const std::array<Layer, 4> layers = {{{rng.uniform(0.03, 0.07), 1.6},
                                        {rng.uniform(0.2, 0.32), rng.uniform(0.35, 0.6)},
                                        {rng.uniform(0.72, 0.86), rng.uniform(0.8, 1.1)},
                                        {1.0, rng.uniform(0.4, 0.7)}}};
  const Waviness border(rng, 3), texture_h(rng, 6), texture_w(rng, 6);

  // Scatterers: complex, so that the envelope of their sum is its modulus.
  Sample sample{Image(size, size, 1), LabelMap(size, size)};
  std::vector<std::complex<double>> scatterers(S * S);
  Field behind_factor(S * S, 1.0);
  for (int h = 0; h < size; ++h) {
    for (int w = 0; w < size; ++w) {
      const double across = static_cast<double>(w) / size;
      const double depth = static_cast<double>(h) / size + 0.02 * border.at(0.7 * across);
      const auto layer = std::find_if(layers.begin(), layers.end() - 1,
                                      [depth](const Layer& l) { return depth < l.bottom; });
      double strength =
          layer->strength * (1.0 + 0.12 * texture_h.at(depth) + 0.12 * texture_w.at(across));
      if (has_lesion) {
        const double level = lesion.level(h, w);
        sample.labels.at(h, w) = level < 1.0 ? 1 : 0;
        const double softness = kind == PhantomKind::malignant ? 0.10 : 0.04;  // of the outline
        const double inside = 1.0 / (1.0 + std::exp((level - 1.0) / softness));
        strength *= 1.0 + (lesion_strength - 1.0) * inside;
        behind_factor[at(h, w)] = lesion.behind(h, w, behind);
      }
      const double imaginary = rng.normal();  // in one order, whoever compiles it
      const double real = rng.normal();
      scatterers[at(h, w)] = std::max(strength, 0.02) * std::complex<double>(real, imaginary);
    }
  }

  // Point-spread function: across the beam a Gaussian that widens away from the focus, then along
  // it a Gaussian pulse with its carrier, cos + i sin, whose modulus is taken below.
  const double focus = size * rng.uniform(0.4, 0.6), scale = size / 128.0;
  std::vector<std::complex<double>> lateral(S * S), echo(S * S);
  for (int h = 0; h < size; ++h) {
    const double spread = std::abs(h - focus) / size;
    const Field weights = gaussian(scale * (0.9 + 1.6 * spread));
    const int r = static_cast<int>(weights.size() / 2);
    for (int w = 0; w < size; ++w) {
      for (int k = 0; k <= 2 * r; ++k) {
        const int from = std::clamp(w + k - r, 0, size - 1);
        lateral[at(h, w)] += weights[static_cast<std::size_t>(k)] * scatterers[at(h, from)];
      }
    }
  }
  const Field pulse = gaussian(0.8 * scale);
  const int r = static_cast<int>(pulse.size() / 2);
  const double wavelength = 3.0 * scale;
  for (int h = 0; h < size; ++h) {
    for (int w = 0; w < size; ++w) {
      for (int k = 0; k <= 2 * r; ++k) {
        const int from = std::clamp(h + k - r, 0, size - 1);
        const std::complex<double> carrier = std::polar(1.0, 2.0 * kPi * (k - r) / wavelength);
        echo[at(h, w)] += pulse[static_cast<std::size_t>(k)] * carrier * lateral[at(from, w)];
      }
    }
  }

  // Envelope, attenuation left over after gain compensation, log compression.
  const double attenuation = rng.uniform(0.0, 0.9), range_db = rng.uniform(42.0, 58.0);
  const double gain_db = rng.uniform(-4.0, 6.0);
  double mean = 0.0;
  for (const auto& e : echo) mean += std::abs(e) / static_cast<double>(echo.size());
  for (int h = 0; h < size; ++h) {
    for (int w = 0; w < size; ++w) {
      const double depth = static_cast<double>(h) / size;
      const double envelope =
          std::abs(echo[at(h, w)]) * behind_factor[at(h, w)] * std::exp(-attenuation * depth);
      const double db = 20.0 * std::log10(envelope / mean + 1e-6) + gain_db;
      sample.image.at(h, w) = static_cast<float>(std::clamp(0.55 + db / range_db, 0.0, 1.0));
    }
  }
  return sample;
}

}  // namespace dmf
