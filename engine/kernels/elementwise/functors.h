#pragma once

#include "engine/kernels/elementwise/gelu.h"

// The scalar functions of the element-wise ops: value and derivative, each written once. They are
// constexpr so that CUDA kernels may call them too. A new one is named in the list at the end, for
// which the kernels are instantiated.

namespace dmf::functors {

/// max(x, 0); the derivative at exactly 0 is 0. Both comparisons let a NaN through.
struct Relu {
  template <class T>
  constexpr T forward(T x) const {
    return x < T{0} ? T{0} : x;
  }
  template <class T>
  constexpr T derivative(T x) const {
    return x <= T{0} ? T{0} : T{1};
  }
};

/// x, or slope * x below 0; the derivative at exactly 0 is the slope. A NaN stays one.
struct LeakyRelu {
  double slope;

  template <class T>
  constexpr T forward(T x) const {
    return x > T{0} ? x : static_cast<T>(slope) * x;
  }
  template <class T>
  constexpr T derivative(T x) const {
    return x > T{0} ? T{1} : static_cast<T>(slope);
  }
};

/// scale * x + shift
struct Affine {
  double scale, shift;

  template <class T>
  constexpr T forward(T x) const {
    return static_cast<T>(scale) * x + static_cast<T>(shift);
  }
  template <class T>
  constexpr T derivative(T) const {
    return static_cast<T>(scale);
  }
};

struct Add {
  template <class T>
  constexpr T forward(T a, T b) const {
    return a + b;
  }
  template <class T>
  constexpr T derivative_a(T, T) const {
    return T{1};
  }
  template <class T>
  constexpr T derivative_b(T, T) const {
    return T{1};
  }
};

struct Subtract {
  template <class T>
  constexpr T forward(T a, T b) const {
    return a - b;
  }
  template <class T>
  constexpr T derivative_a(T, T) const {
    return T{1};
  }
  template <class T>
  constexpr T derivative_b(T, T) const {
    return T{-1};
  }
};

struct Multiply {
  template <class T>
  constexpr T forward(T a, T b) const {
    return a * b;
  }
  template <class T>
  constexpr T derivative_a(T, T b) const {
    return b;
  }
  template <class T>
  constexpr T derivative_b(T a, T) const {
    return a;
  }
};

struct Divide {
  template <class T>
  constexpr T forward(T a, T b) const {
    return a / b;
  }
  template <class T>
  constexpr T derivative_a(T, T b) const {
    return T{1} / b;
  }
  template <class T>
  constexpr T derivative_b(T a, T b) const {
    return -a / (b * b);
  }
};

}  // namespace dmf::functors

#define DMF_UNARY_FUNCTORS(X) X(Relu) X(LeakyRelu) X(Gelu) X(Affine)
#define DMF_BINARY_FUNCTORS(X) X(Add) X(Subtract) X(Multiply) X(Divide)
