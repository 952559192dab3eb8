#pragma once

#include "engine/autograd/variable.h"
#include "engine/kernels/conv2d/conv2d.h"
#include "engine/kernels/conv2d/kept_weights.h"
#include "engine/ops/batch_norm2d.h"

namespace dmf {

/// Convolution (cross-correlation: the kernel is not flipped) with four-sided zero padding.
///
/// x       [N, H, W, C_in]
/// weight  [KH, KW, C_in, C_out]
/// bias    [C_out], or a default-made Variable for none
/// return  [N, OH, OW, C_out], OH = floor((H + top + bottom - KH) / stride_h) + 1, OW likewise
/// throws  ShapeError naming both shapes; ValueError for a stride below 1 or a negative padding
template <class S>
Variable<S> conv2d(const Variable<S>& x, const Variable<S>& weight, const Variable<S>& bias,
                   const Conv2dSpec& spec = {});

/// conv2d without a bias, then `affine`, in one pass over the result. For inference: nothing is
/// recorded.
///
/// throws  as conv2d; GraphError outside NoGrad
template <class S>
Variable<S> conv2d_affine(const Variable<S>& x, const Variable<S>& weight,
                          const ChannelAffine<S>& affine, const Conv2dSpec& spec);

/// Transposed convolution: the adjoint of conv2d with the same spec and weight.
///
/// x       [N, H, W, C_in]
/// weight  [KH, KW, C_out, C_in], Keras's order: that of the conv2d whose adjoint it is
/// bias    [C_out], or a default-made Variable for none
/// spec    padding crops the full result; negative padding appends rows that only get the bias
/// return  [N, OH, OW, C_out], OH = (H - 1) * stride_h + KH - top - bottom, OW likewise
/// throws  ShapeError naming both shapes; ValueError for a stride below 1
template <class S>
Variable<S> conv_transpose2d(const Variable<S>& x, const Variable<S>& weight,
                             const Variable<S>& bias, const Conv2dSpec& spec);

/// conv_transpose2d without a bias, then `affine`; for inference, as above.
template <class S>
Variable<S> conv_transpose2d_affine(const Variable<S>& x, const Variable<S>& weight,
                                    const ChannelAffine<S>& affine, const Conv2dSpec& spec);

/// Padding of Keras's padding="same" for conv_transpose2d, which gives exactly stride times the
/// input: crops floor((kernel - stride) / 2) in front and the rest behind.
Padding same_transpose_padding(int kernel, int stride);

}  // namespace dmf
