#pragma once

#include <cmath>

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

struct Exponential {
  template <class T>
  constexpr T forward(T x) const {
    return std::exp(x);
  }
  template <class T>
  constexpr T derivative(T x) const {
    return std::exp(x);
  }
};

/// Of 0 and of negative numbers what IEEE 754 says: -inf and NaN.
struct Logarithm {
  template <class T>
  constexpr T forward(T x) const {
    return std::log(x);
  }
  template <class T>
  constexpr T derivative(T x) const {
    return T{1} / x;
  }
};

/// The derivative at exactly 0, which is infinite, is taken as 0: what has reached its bound is not
/// pushed, and an infinity times a gradient of 0 would be a NaN.
struct SquareRoot {
  template <class T>
  constexpr T forward(T x) const {
    return std::sqrt(x);
  }
  template <class T>
  constexpr T derivative(T x) const {
    return x == T{0} ? T{0} : T{0.5} / std::sqrt(x);
  }
};

/// x^exponent; the derivative at exactly 0 of an exponent below 1 as SquareRoot has it.
struct Power {
  double exponent;

  template <class T>
  constexpr T forward(T x) const {
    return std::pow(x, static_cast<T>(exponent));
  }
  template <class T>
  constexpr T derivative(T x) const {
    if (exponent == 0.0 || (x == T{0} && exponent < 1.0)) return T{0};
    return static_cast<T>(exponent) * std::pow(x, static_cast<T>(exponent - 1.0));
  }
};

/// |x|; the derivative at exactly 0 is 0.
struct Absolute {
  template <class T>
  constexpr T forward(T x) const {
    return x < T{0} ? -x : x;
  }
  template <class T>
  constexpr T derivative(T x) const {
    return static_cast<T>(x > T{0}) - static_cast<T>(x < T{0});
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

/// The larger; of two that are equal the first, which has the whole derivative. A NaN stays one.
struct Maximum {
  template <class T>
  constexpr T forward(T a, T b) const {
    return second(a, b) ? b : a;
  }
  template <class T>
  constexpr T derivative_a(T a, T b) const {
    return second(a, b) ? T{0} : T{1};
  }
  template <class T>
  constexpr T derivative_b(T a, T b) const {
    return second(a, b) ? T{1} : T{0};
  }
  template <class T>
  static constexpr bool second(T a, T b) {
    return a < b || b != b;
  }
};

/// The smaller, as Maximum is the larger.
struct Minimum {
  template <class T>
  constexpr T forward(T a, T b) const {
    return second(a, b) ? b : a;
  }
  template <class T>
  constexpr T derivative_a(T a, T b) const {
    return second(a, b) ? T{0} : T{1};
  }
  template <class T>
  constexpr T derivative_b(T a, T b) const {
    return second(a, b) ? T{1} : T{0};
  }
  template <class T>
  static constexpr bool second(T a, T b) {
    return b < a || b != b;
  }
};

}  // namespace dmf::functors

#define DMF_UNARY_FUNCTORS(X) \
  X(Relu)                     \
  X(LeakyRelu) X(Gelu) X(Affine) X(Exponential) X(Logarithm) X(SquareRoot) X(Power) X(Absolute)
#define DMF_BINARY_FUNCTORS(X) X(Add) X(Subtract) X(Multiply) X(Divide) X(Maximum) X(Minimum)
