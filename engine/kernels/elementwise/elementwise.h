#pragma once

#include "engine/core/instruction_set.h"
#include "engine/kernels/elementwise/functors.h"
#include "engine/tensor/view.h"

namespace dmf {

// Operands have equal counts. Outputs may be inputs.

/// One functor of one argument (functors.h) over every element.
template <class F, class T>
class UnaryKernels {
 public:
  /// y = f(x)
  virtual void forward(const F& f, In<T> x, View<T> y) const = 0;
  /// dx = f'(x) * dy
  virtual void backward(const F& f, In<T> x, In<T> dy, View<T> dx) const = 0;

  static const UnaryKernels& reference();
  template <InstructionSet>
  static const UnaryKernels& cpu();
  static const UnaryKernels& cuda();

 protected:
  ~UnaryKernels() = default;
};

/// One functor of two arguments over every pair of elements.
template <class F, class T>
class BinaryKernels {
 public:
  /// y = f(a, b)
  virtual void forward(const F& f, In<T> a, In<T> b, View<T> y) const = 0;
  /// da = df/da * dy, db = df/db * dy; either may be empty
  virtual void backward(const F& f, In<T> a, In<T> b, In<T> dy, View<T> da, View<T> db) const = 0;

  static const BinaryKernels& reference();
  template <InstructionSet>
  static const BinaryKernels& cpu();
  static const BinaryKernels& cuda();

 protected:
  ~BinaryKernels() = default;
};

/// What moves elements without a functor.
template <class T>
class ElementwiseKernels {
 public:
  /// y += x
  virtual void accumulate(In<T> x, View<T> y) const = 0;
  /// every element of y = the one of x
  virtual void broadcast(In<T> x, View<T> y) const = 0;
  /// y = x, in double
  virtual void convert(In<T> x, View<double> y) const = 0;
  /// y = x, whichever way either is stored
  virtual void copy(In<T> x, View<T> y) const = 0;

  static const ElementwiseKernels& reference();
  template <InstructionSet>
  static const ElementwiseKernels& cpu();
  static const ElementwiseKernels& cuda();

 protected:
  ~ElementwiseKernels() = default;
};

}  // namespace dmf
