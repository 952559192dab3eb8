#pragma once

#include <span>

#include "engine/tensor/view.h"

namespace dmf {

// Along the last axis: part p of shape [.., C_p] fills channels C_0 + .. + C_{p-1} onwards of the
// whole, [.., C_0 + .. + C_{P-1}].

namespace ref {
template <class T>
void concat_channels(std::span<const ConstView<T>> parts, View<T> whole);
/// The inverse. Parts with no data are skipped.
template <class T>
void split_channels(In<T> whole, std::span<const View<T>> parts);
}  // namespace ref

namespace cpu {
template <class T>
void concat_channels(std::span<const ConstView<T>> parts, View<T> whole);
template <class T>
void split_channels(In<T> whole, std::span<const View<T>> parts);
}  // namespace cpu

namespace cuda {
template <class T>
void concat_channels(std::span<const ConstView<T>> parts, View<T> whole);
template <class T>
void split_channels(In<T> whole, std::span<const View<T>> parts);
}  // namespace cuda

}  // namespace dmf
