#pragma once

#include "engine/core/compute.h"
#include "engine/core/instruction_set.h"
#include "engine/tensor/view.h"
#include "engine/tensor/workspace.h"

namespace dmf {

/// Rows and columns of zeros around an image. Negative values crop instead.
struct Padding {
  int top = 0, left = 0, bottom = 0, right = 0;

  friend bool operator==(const Padding&, const Padding&) = default;
};

class KeptWeights;

struct Conv2dSpec {
  int stride_h = 1, stride_w = 1;
  Padding pad = {};
  MatmulPrecision precision = MatmulPrecision::tf32;  // of a CUDA device
  // What the CPU's kernels keep of the weights between calls (kept_weights.h); null: nothing.
  KeptWeights* kept = nullptr;
};

/// Output length of one axis: floor((in + front + back - kernel) / stride) + 1.
inline Index conv2d_output_size(Index in, Index kernel, int stride, int front, int back) {
  const Index room = in + front + back - kernel;
  return room < 0 ? 0 : room / stride + 1;
}

/// What becomes of each finished sum s of channel c before it is stored, s * scale[c] + shift[c],
/// then ReLU: a bias, or a whole batch normalisation in evaluation mode, without another pass over
/// the result. An empty view stands for ones or zeros.
template <class T>
struct Epilogue {
  ConstView<T> scale, shift;
  bool relu = false;
};

/// Keeps an Epilogue parameter out of template argument deduction, so that braces suffice.
template <class T>
using InEpilogue = const std::type_identity_t<Epilogue<T>>&;

/// Cross-correlation of NHWC images, x [N, H, W, C_in], weight [KH, KW, C_in, C_out], y [N, OH, OW,
/// C_out]. Every kernel assigns its result. A transposed convolution needs no kernels of its own:
/// its forward pass is backward_data, its data gradient forward, its weight gradient
/// backward_weight with x and dy swapped.
template <class T>
class Conv2dKernels {
 public:
  /// y[n,i,j,o] = epilogue(sum_{a,b,c} x[n, i*stride_h - top + a, j*stride_w - left + b, c] *
  ///                                   weight[a,b,c,o])
  /// with zeros outside the image
  virtual void forward(const Conv2dSpec& spec, In<T> x, In<T> weight, InEpilogue<T> epilogue,
                       View<T> y, Workspace& workspace) const = 0;

  /// dx[n,h,w,c] = epilogue(the sum of dy * weight over every y that x[n,h,w,c] took part in)
  /// epilogue  of C_in channels; a data gradient has none, a transposed convolution may
  /// dx        its shape says which size is meant, where the stride leaves a choice
  virtual void backward_data(const Conv2dSpec& spec, In<T> dy, In<T> weight, InEpilogue<T> epilogue,
                             View<T> dx, Workspace& workspace) const = 0;

  /// dweight[a,b,c,o] =
  ///     sum_{n,i,j} x[n, i*stride_h - top + a, j*stride_w - left + b, c] * dy[n,i,j,o]
  virtual void backward_weight(const Conv2dSpec& spec, In<T> x, In<T> dy, View<T> dweight,
                               Workspace& workspace) const = 0;

  static const Conv2dKernels& reference();
  template <InstructionSet>
  static const Conv2dKernels& cpu();
  static const Conv2dKernels& cuda();

 protected:
  ~Conv2dKernels() = default;
};

}  // namespace dmf
