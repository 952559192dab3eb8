#include "apps/image/bilateral.h"
#include "apps/image/resize.h"
#include "apps/oracle/reference_case.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

std::vector<double> values_of(const Tensor<double>& t) {
  return {t.span().begin(), t.span().end()};
}

Safetensors bilateral_case(const ReferenceCase& c) {
  const auto image = c.tensor<double>("input", 4);
  DMF_CHECK(image.size(0) == 1 && image.size(3) == 1, IoError, "input {}: expected [1, H, W, 1].",
            image.shape().str());
  BilateralSpec spec{c.integer("d", 1, 999), c.number("sigma_space"), c.number("sigma_color"),
                     true};
  const auto H = static_cast<int>(image.size(1)), W = static_cast<int>(image.size(2));
  Safetensors results;
  const auto filter = [&](bool square) {
    spec.square = square;
    return Tensor<double>::from(bilateral_filter(values_of(image), H, W, spec), image.shape());
  };
  results.set("output", filter(true));
  results.set("circular", filter(false));
  return results;
}

Safetensors resize_case(const ReferenceCase& c) {
  const auto input = c.tensor<double>("input", 4);
  const int out_h = c.integer("out_h", 1, 16384), out_w = c.integer("out_w", 1, 16384);
  const Index N = input.size(0), H = input.size(1), W = input.size(2), C = input.size(3);
  require_feasible(static_cast<double>(N * C) * out_h * out_w);
  Tensor<double> output(Shape{N, out_h, out_w, C});
  const std::string mode = c.text("mode");
  for (Index n = 0; n < N; ++n) {
    double* to = output.data() + n * out_h * out_w * C;
    const double* from = input.data() + n * H * W * C;
    if (mode == "nearest") {
      for (int h = 0; h < out_h; ++h) {
        for (int w = 0; w < out_w; ++w) {
          const Index at = nearest_index(h, static_cast<int>(H), out_h) * W +
                           nearest_index(w, static_cast<int>(W), out_w);
          to = std::copy_n(from + at * C, C, to);
        }
      }
    } else {
      const std::vector<double> pixels(from, from + H * W * C);
      const auto resized =
          resize_pixels(pixels, static_cast<int>(H), static_cast<int>(W), static_cast<int>(C),
                        out_h, out_w, entry_named(kInterpolations, mode, "resize").value);
      std::copy(resized.begin(), resized.end(), to);
    }
  }
  Safetensors results;
  results.set("output", output);
  return results;
}

}  // namespace

std::map<std::string, CaseFunction> image_case_functions() {
  return {{"bilateral_filter", bilateral_case}, {"resize", resize_case}};
}

}  // namespace dmf
