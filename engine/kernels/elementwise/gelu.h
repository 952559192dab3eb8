#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

namespace dmf::functors {

/// e^y for y <= 0, in float, by operations that IEEE 754 rounds: 2^n times Taylor's polynomial of
/// what is left, within 1e-7 of the value. 0 below -87, where the result would not be normal.
constexpr float exp_of_negative(float y) {
  constexpr float kLog2E = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23: added to a float, it leaves whole numbers
  const float shifted = y * kLog2E + kRounder;
  const float n = shifted - kRounder;
  const float r = (y - n * kLn2High) - n * kLn2Low;  // within ln(2) / 2 of 0
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  // n stands in the last bits of `shifted`; unsigned, so that whatever a NaN has there is harmless
  const auto exponent = std::bit_cast<std::uint32_t>(shifted) + 127u;
  const float power = std::bit_cast<float>(exponent << 23u);
  return y < -87.0f ? 0.0f : p * power;
}

/// The Gaussian error linear unit in its exact form, x * P(x), P the normal distribution's function,
/// (1 + erf(x / sqrt 2)) / 2 (Hendrycks & Gimpel 2016).
///
/// In float P comes from its upper tail, P(-|x|) = t * p(t) * e^(-x^2 / 2) with t = 1 / (1 + 0.34
/// |x|), p of degree 8 through the function's values at Chebyshev's nodes for |x| <= 13: 6e-8 of the
/// tail, before rounding. No library is asked, so that all devices compute the same and loops become
/// vectors. In double it is the C library's.
struct Gelu {
  /// P(x), and e^(-x^2 / 2), which the slope needs too.
  template <class T>
  struct Normal {
    T below, bell;
  };

  template <class T>
  static constexpr Normal<T> normal(T x) {
    if constexpr (std::is_same_v<T, float>) {
      constexpr float kTail[] = {0.1356128052f, 0.1362558396f,  0.1140850767f,
                                 0.1200390462f, -0.0564438484f, 0.2201632524f,
                                 -0.289673516f, 0.1478755026f,  -0.0279141657f};
      const float t = 1.0f / (1.0f + 0.34f * (x < 0.0f ? -x : x));
      float p = kTail[8];
      for (int k = 7; k >= 0; --k) p = p * t + kTail[k];
      const float bell = exp_of_negative(-0.5f * x * x);
      const float tail = t * p * bell;
      return {x < 0.0f ? tail : 1.0f - tail, bell};
    } else {
      return {T{0.5} * std::erfc(-x * T{0.70710678118654752440}), std::exp(T{-0.5} * x * x)};
    }
  }

  template <class T>
  constexpr T forward(T x) const {
    return x * normal(x).below;
  }
  template <class T>
  constexpr T derivative(T x) const {  // P(x) + x * P'(x)
    const Normal<T> at = normal(x);
    return at.below + x * (at.bell * static_cast<T>(0.39894228040143267794));  // 1 / sqrt(2 pi)
  }
};

}  // namespace dmf::functors
