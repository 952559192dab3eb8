#pragma once

#include "engine/kernels/conv2d/conv2d.h"

namespace dmf::cpu {

// 3x3 convolutions in fewer multiplications: Winograd's minimal filtering.
//
// The output is cut into tiles, each of which depends on a small patch d of the input. With the
// constant matrices A, B and G (winograd_transforms.h) a tile is
//
//   y = A^T [ (G w G^T) * (B^T d B) ] A        * element by element, summed over input channels
//
// Stride 1, F(4x4, 3x3): 4x4 outputs cost 36 multiplications per pair of channels where the
// definition takes 144. Stride 2, and its adjoint, the transposed convolution: 4x4 coarse pixels
// (8x8 fine ones) cost 81 instead of 144. Over many tiles each element is a matrix product,
// [tiles, C_in] x [C_in, C_out], and those run in the register block of gather_gemm.
//
// Blocking: of patches and kernels the smaller is transformed as a whole, the larger piece by piece
// as it is used. In the upper layers, many pixels and few channels, a thread takes kilobytes of
// tiles at a time, as many as keep their transformed patches (elements * tiles * C_in) within about
// half of a 512 kB L2 cache; for one panel of output channels it runs all products and transforms
// the results back at once, so that nothing of them leaves L2. In the deep layers, where the
// transformed kernels (36 MB for 512 x 512 channels) would travel to memory and back, a thread
// takes a panel of output channels instead. Every output is summed over the input channels in their
// order by one thread: the result depends neither on the number of threads nor on the blocking.
//
// Float only: double keeps the direct kernels, to be trusted in gradient checks. The price is
// rounding: the error stays below 2e-5 of the largest output, which the tests check.
//
// (Lavin & Gray, "Fast algorithms for convolutional neural networks", CVPR 2016; for a stride,
// Zlateski et al., "The anatomy of efficient FFT and Winograd convolutions", ICS 2019.)

/// Whether the transforms' cost is earned back: a 3x3 kernel of stride 1 or 2, at least eight
/// channels on either side, enough tiles to spread the cost of transforming the weights, and tiles
/// that are not mostly beyond the image's edge.
///
/// y  the shape of the convolution's result, or of its gradient
bool winograd_pays(const Conv2dSpec& spec, const Shape& weight, const Shape& y);

/// As Conv2dKernels::forward, stride 1 or 2.
void winograd_forward(const Conv2dSpec& spec, In<float> x, In<float> weight,
                      const Epilogue<float>& epilogue, View<float> y, Workspace& workspace);

/// As Conv2dKernels::backward_data: for stride 1 a forward pass over dy with the kernel turned by 180
/// degrees and its channel axes exchanged.
void winograd_backward_data(const Conv2dSpec& spec, In<float> dy, In<float> weight,
                            const Epilogue<float>& epilogue, View<float> dx, Workspace& workspace);

/// As Conv2dKernels::backward_weight. The adjoint of the forward form:
///
///   dweight = G^T [ sum over tiles of (B^T d B) * (A dy A^T) ] G
///
/// one product [C_in, tiles] x [tiles, C_out] an element. Tiles are taken some megabytes at a time:
/// first all threads transform, then each takes kernels and panels of its own and adds their tiles
/// in order. Where one block holds all tiles and the sums are the larger, a thread takes channels
/// from the products to the gradient at once.
void winograd_backward_weight(const Conv2dSpec& spec, In<float> x, In<float> dy,
                              View<float> dweight, Workspace& workspace);

}  // namespace dmf::cpu
