#pragma once

#include <algorithm>
#include <cstring>

#include "engine/core/shape.h"

namespace dmf {

/// Inner products, summed over pixels, of the parts that gradients for the logits are made of. With
/// u_c = e_c - p these are p_c u_c of every class, where counts are asked for, and of each term its
/// slope times u_t. Of a pixel labelled t they are the gradients of TP_t, which is that of FN_t with the
/// other sign, of FP_c of the other classes, and of the terms. As u_a u_b = [a = b] - p_a - p_b + sum p^2,
/// two parts s_a u_a and s_b u_b have the product w_a s_b + s_a w_b + [a = b] s_a s_b, where
/// w_c = s_c (sum p^2 / 2 - p_c).
struct PixelProducts {
  Index C, P;  // classes, parts
  bool counts;
  double* of_label;   // [C, P] of part t with all, over the pixels labelled t; none without counts
  double* of_others;  // [P, P] of all parts but t, over all pixels; the lower triangle

  static constexpr Index size(Index C, Index P) { return (C + P) * P; }
  static PixelProducts in(double* memory, Index C, Index P, bool counts) {
    return {C, P, counts, memory, memory + C * P};
  }

  /// Of the gradients of two of a group's sums.
  double of(Index a, Index b) const {
    const Sum x = sum_at(a), y = sum_at(b);
    if (!x.of_label && !y.of_label) {
      return of_others[std::max(x.part, y.part) * P + std::min(x.part, y.part)];
    }
    const Sum& own = x.of_label ? x : y;
    const Sum& other = x.of_label ? y : x;
    // TP_t and FN_t are of pixels labelled t, where no FP_t is, nor another class's TP and FN.
    const bool meet = other.of_label ? own.part == other.part : own.part != other.part;
    return meet ? own.sign * other.sign * of_label[own.part * P + other.part] : 0.0;
  }

 private:
  struct Sum {
    Index part;
    bool of_label;
    double sign;
  };
  Sum sum_at(Index k) const {
    if (!counts) return {k, false, 1.0};
    if (k < C) return {k, true, 1.0};
    if (k < 2 * C) return {k - C, false, 1.0};
    if (k < 3 * C) return {k - 2 * C, true, -1.0};
    return {k - 2 * C, false, 1.0};
  }
};

/// Pixels of one label, number by number, so that what is done to them is done to several at once. A sum
/// over them has eight partial sums, whatever the width of the machine's vectors.
struct PixelBlock {
  static constexpr Index kPixels = 64, kLanes = 8;
  using Lanes [[gnu::vector_size(kLanes * sizeof(double))]] = double;

  /// So many numbers for C classes and P parts.
  static constexpr Index size(Index C, Index P) { return (2 * C + 2 * P + 1) * kPixels; }

  PixelBlock(double* numbers, Index classes, Index parts)
      : half(numbers), C(classes), P(parts), all_(numbers) {}

  double* half;
  const Index C, P;
  Index count = 0;

  double* log_probs(Index c) const { return all_ + (1 + c) * kPixels; }
  double* p(Index c) const { return all_ + (1 + C + c) * kPixels; }
  double* s(Index part) const { return all_ + (1 + 2 * C + part) * kPixels; }
  double* w(Index part) const { return all_ + (1 + 2 * C + P + part) * kPixels; }

  bool full() const { return count == kPixels; }
  template <class T>
  void take(const T* pixel) {
    for (Index c = 0; c < C; ++c) log_probs(c)[count] = static_cast<double>(pixel[c]);
    ++count;
  }
  /// Fills up to a multiple of the lanes, which is returned, with pixels that any function is finite at.
  Index pad() const {
    const Index n = (count + kLanes - 1) / kLanes * kLanes;
    for (Index c = 0; c < C; ++c) std::fill(log_probs(c) + count, log_probs(c) + n, 0.0);
    return n;
  }
  /// Of what was made of those pixels.
  void clear_padding() const {
    const Index n = (count + kLanes - 1) / kLanes * kLanes;
    for (Index part = 0; part < P; ++part) {
      std::fill(s(part) + count, s(part) + n, 0.0);
      std::fill(w(part) + count, w(part) + n, 0.0);
    }
  }
  /// The sum over n pixels of w_a s_b + s_a w_b, and where the parts are of the same class of s_a s_b.
  double product(Index a, Index b, Index n, bool same_class) const {
    Lanes sum{};
    for (Index k = 0; k < n; k += kLanes) {
      const Lanes sa = at(s(a) + k), sb = at(s(b) + k);
      sum += at(w(a) + k) * sb + sa * at(w(b) + k);
      if (same_class) sum += sa * sb;
    }
    double total = 0.0;
    for (int lane = 0; lane < kLanes; ++lane) total += sum[lane];
    return total;
  }

 private:
  static Lanes at(const double* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
  }

  double* all_;
};

}  // namespace dmf
