#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/kernels/pixel_sums/pixel_sums.h"
#include "engine/kernels/softmax/softmax.h"

namespace dmf {
namespace {

/// One pixel: what it adds to each sum of its group, and the gradient of that for its logits.
struct Pixel {
  std::vector<double> value;                  // [R]
  std::vector<std::vector<double>> gradient;  // [R, C]

  /// p  [C] probabilities
  Pixel(const PixelSumsSpec& spec, In<double> factors, const std::vector<double>& log_p,
        std::int32_t label) {
    const auto C = static_cast<Index>(log_p.size());
    std::vector<double> p;
    for (const double lp : log_p) p.push_back(std::exp(lp));
    const auto add = [&](double sum, const auto& of_p) {  // of_p(c): d sum / d p_c * p_c
      value.push_back(sum);
      std::vector<double> slope;
      double all = 0.0;
      for (Index c = 0; c < C; ++c) slope.push_back(of_p(c));
      for (const double s : slope) all += s;
      for (Index c = 0; c < C; ++c)
        slope[static_cast<std::size_t>(c)] -= p[static_cast<std::size_t>(c)] * all;
      gradient.push_back(std::move(slope));
    };
    const auto at = [](Index c) { return static_cast<std::size_t>(c); };
    if (spec.counts) {
      for (int kind = 0; kind < 3; ++kind) {  // TP, FP, FN
        for (Index c = 0; c < C; ++c) {
          const double y = label == c ? 1.0 : 0.0;
          const double sums[] = {p[at(c)] * y, p[at(c)] * (1.0 - y), (1.0 - p[at(c)]) * y};
          const double slopes[] = {y, 1.0 - y, -y};
          add(sums[kind], [&](Index k) { return k == c ? slopes[kind] * p[at(c)] : 0.0; });
        }
      }
    }
    for (Index j = 0; j < spec.terms; ++j) {  // before the division
      const TermFactors term = TermFactors::at(factors.data, j, C);
      const double scale = term.scale[label], gamma = *term.gamma, lp = log_p[at(label)];
      const double miss = -std::expm1(lp);  // 1 - p, with all its digits where p is close to 1
      double slope = -std::pow(miss, gamma);
      if (gamma > 0.0 && miss > 0.0)
        slope += gamma * std::pow(miss, gamma - 1.0) * p[at(label)] * lp;
      add(-scale * std::pow(miss, gamma) * lp,
          [&](Index k) { return k == label ? scale * slope : 0.0; });
    }
  }
};

/// Calls body(pixel's number, its group, what it adds) for every pixel that counts.
template <class T, class Body>
void for_each_pixel(const PixelSumsSpec& spec, In<T> log_probs, In<std::int32_t> labels,
                    In<double> factors, const Body& body) {
  const Index C = log_probs.size(-1), G = spec.groups.count(labels.shape);
  for (Index i = 0; i < labels.numel(); ++i) {
    if (labels.data[i] == spec.groups.ignore_index) continue;
    const std::vector<double> log_p(log_probs.data + i * C, log_probs.data + (i + 1) * C);
    body(i, i / (labels.numel() / G), Pixel(spec, factors, log_p, labels.data[i]));
  }
}

/// What each group's sums are divided by, [G, R].
std::vector<double> divisors(const PixelSumsSpec& spec, In<double> factors, In<double> pixels) {
  const Index G = pixels.size(0), C = pixels.size(1);
  std::vector<double> all;
  for (Index g = 0; g < G; ++g) {
    for (Index a = 0; a < spec.of_group(C); ++a) {
      all.push_back(divisor_of(spec, a, factors.data, pixels.data + g * C, C));
    }
  }
  return all;
}

template <class T>
class ReferencePixelSums final : public PixelSumsKernels<T> {
 public:
  void forward(const PixelSumsSpec& spec, In<T> logits, In<std::int32_t> labels, In<double> factors,
               View<T> log_probs, View<T> row, View<double> pixels, View<double> gram,
               Workspace&) const override {
    const Index C = logits.size(-1), G = spec.groups.count(labels.shape), R = spec.of_group(C);
    SoftmaxKernels<T>::reference().log_forward(logits, log_probs);
    std::vector<double> sums(static_cast<std::size_t>(G * R));
    std::fill_n(pixels.data, G * C, 0.0);
    if (gram) std::fill_n(gram.data, G * R * R, 0.0);
    for_each_pixel<T>(spec, log_probs, labels, factors, [&](Index i, Index g, const Pixel& pixel) {
      pixels.data[g * C + labels.data[i]] += 1.0;
      for (Index a = 0; a < R; ++a) {
        sums[static_cast<std::size_t>(g * R + a)] += pixel.value[static_cast<std::size_t>(a)];
        for (Index b = 0; gram && b < R; ++b) {
          for (Index c = 0; c < C; ++c) {
            gram.data[(g * R + a) * R + b] +=
                pixel.gradient[static_cast<std::size_t>(a)][static_cast<std::size_t>(c)] *
                pixel.gradient[static_cast<std::size_t>(b)][static_cast<std::size_t>(c)];
          }
        }
      }
    });
    const std::vector<double> by = divisors(spec, factors, pixels);
    for (Index g = 0; g < G; ++g) {
      for (Index a = 0; a < R; ++a) {
        const auto at = static_cast<std::size_t>(g * R + a);
        row.data[spec.in_row(a, g, G, C)] = static_cast<T>(quotient(sums[at], by[at]));
        for (Index b = 0; gram && b < R; ++b) {
          double& product = gram.data[(g * R + a) * R + b];
          product = quotient(quotient(product, by[at]), by[static_cast<std::size_t>(g * R + b)]);
        }
      }
    }
  }

  void backward(const PixelSumsSpec& spec, In<T> log_probs, In<std::int32_t> labels,
                In<double> factors, In<double> pixels, In<T> drow, View<T> dlogits) const override {
    const Index C = log_probs.size(-1), G = spec.groups.count(labels.shape), R = spec.of_group(C);
    std::fill_n(dlogits.data, dlogits.numel(), T{0});
    const std::vector<double> by = divisors(spec, factors, pixels);
    for_each_pixel<T>(spec, log_probs, labels, factors, [&](Index i, Index g, const Pixel& pixel) {
      for (Index c = 0; c < C; ++c) {
        double sum = 0.0;
        for (Index a = 0; a < R; ++a) {
          const auto at = static_cast<std::size_t>(a);
          sum += quotient(static_cast<double>(drow.data[spec.in_row(a, g, G, C)]),
                          by[static_cast<std::size_t>(g * R + a)]) *
                 pixel.gradient[at][static_cast<std::size_t>(c)];
        }
        dlogits.data[i * C + c] = static_cast<T>(sum);
      }
    });
  }

  void class_shares(ClassSharing sharing, In<double> pixels, In<double> factors, View<T> shares,
                    Workspace& workspace) const override {
    const Index G = pixels.size(0), C = pixels.size(1);
    for (Index g = 0; g < G; ++g) {
      class_shares_of(sharing, pixels.data + g * C, factors.data, C, G, workspace.take<double>(C),
                      shares.data + g * C);
    }
  }
};

}  // namespace

template <class T>
const PixelSumsKernels<T>& PixelSumsKernels<T>::reference() {
  static const ReferencePixelSums<T> kernels{};
  return kernels;
}
template const PixelSumsKernels<float>& PixelSumsKernels<float>::reference();
template const PixelSumsKernels<double>& PixelSumsKernels<double>::reference();

}  // namespace dmf
