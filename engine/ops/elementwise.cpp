#include "engine/ops/elementwise.h"

#include <cmath>

#include "engine/autograd/saved_tensor.h"
#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/elementwise/elementwise.h"

namespace dmf {
namespace {

template <class F, class S>
struct UnaryNode final : Node<S> {
  UnaryNode(typename Node<S>::Slots inputs, Op op, const F& f, const Variable<S>& x)
      : Node<S>(op, std::move(inputs)), f_(f), x_(x) {}

  void backward(const Tensor<S>& dy) override {
    const Tensor<S> x = x_.get();
    Tensor<S> dx = x.like(x.shape());
    kernels<UnaryKernels<F, S>>(dy.device()).backward(f_, x.cview(), dy.cview(), dx.view());
    this->accumulate(0, std::move(dx));
  }

  void append_branches(std::vector<std::uint8_t>& branches) const override {
    if constexpr (std::is_same_v<F, functors::Relu> || std::is_same_v<F, functors::LeakyRelu> ||
                  std::is_same_v<F, functors::Absolute>) {
      const Tensor<S> values = x_.get();
      for (const S x : values.span()) branches.push_back(x > S{0});
    }
  }

  F f_;
  SavedTensor<S> x_;
};

template <class F, class S>
struct BinaryNode final : Node<S> {
  BinaryNode(typename Node<S>::Slots inputs, Op op, const F& f, const Tensor<S>& a,
             const Tensor<S>& b)
      : Node<S>(op, std::move(inputs)), f_(f), a_(a), b_(b) {}

  void backward(const Tensor<S>& dy) override {
    Tensor<S> da, db;
    if (this->needs_grad(0)) da = a_.like(a_.shape());
    if (this->needs_grad(1)) db = b_.like(b_.shape());
    kernels<BinaryKernels<F, S>>(dy.device())
        .backward(f_, a_.cview(), b_.cview(), dy.cview(), da.view(), db.view());
    if (da.defined()) this->accumulate(0, std::move(da));
    if (db.defined()) this->accumulate(1, std::move(db));
  }

  void append_branches(std::vector<std::uint8_t>& branches) const override {
    if constexpr (requires { F::second(S{0}, S{0}); }) {
      const Tensor<S> a = a_.to(Device::cpu()), b = b_.to(Device::cpu());
      for (Index i = 0; i < a.numel(); ++i) {
        branches.push_back(F::second(a.data()[i], b.data()[i]));
      }
    }
  }

  F f_;
  Tensor<S> a_, b_;
};

template <class F, class S>
Variable<S> unary(Op op, const F& f, const Variable<S>& x) {
  Tensor<S> y = x.value().like(x.shape());
  kernels<UnaryKernels<F, S>>(x.device()).forward(f, x.value().cview(), y.view());
  return record<UnaryNode<F, S>>(std::move(y), {x}, op, f, x);
}

template <class F, class S>
Variable<S> binary(Op op, const F& f, const Variable<S>& a, const Variable<S>& b) {
  DMF_CHECK(a.shape() == b.shape(), ShapeError, "[{}] shapes differ: {} and {}.", op_name(op),
            a.shape().str(), b.shape().str());
  Tensor<S> y = a.value().like(a.shape());
  kernels<BinaryKernels<F, S>>(a.device())
      .forward(f, a.value().cview(), b.value().cview(), y.view());
  return record<BinaryNode<F, S>>(std::move(y), {a, b}, op, f, a.value(), b.value());
}

}  // namespace

template <class S>
Variable<S> relu(const Variable<S>& x) {
  return unary(Op::relu, functors::Relu{}, x);
}
template <class S>
Variable<S> leaky_relu(const Variable<S>& x, double slope) {
  DMF_CHECK(slope >= 0.0 && slope < 1.0, ValueError,
            "[leaky_relu] slope {}: expected at least 0 and below 1.", slope);
  return unary(Op::leaky_relu, functors::LeakyRelu{slope}, x);
}
template <class S>
Variable<S> gelu(const Variable<S>& x) {
  return unary(Op::gelu, functors::Gelu{}, x);
}
template <class S>
Variable<S> affine(const Variable<S>& x, double scale, double shift) {
  return unary(Op::affine, functors::Affine{scale, shift}, x);
}
template <class S>
Variable<S> exp(const Variable<S>& x) {
  return unary(Op::exp, functors::Exponential{}, x);
}
template <class S>
Variable<S> log(const Variable<S>& x) {
  return unary(Op::log, functors::Logarithm{}, x);
}
template <class S>
Variable<S> sqrt(const Variable<S>& x) {
  return unary(Op::sqrt, functors::SquareRoot{}, x);
}
template <class S>
Variable<S> pow(const Variable<S>& x, double exponent) {
  DMF_CHECK(std::isfinite(exponent), ValueError, "[pow] exponent {}: expected a finite number.",
            exponent);
  return unary(Op::pow, functors::Power{exponent}, x);
}
template <class S>
Variable<S> abs(const Variable<S>& x) {
  return unary(Op::abs, functors::Absolute{}, x);
}
template <class S>
Variable<S> operator+(const Variable<S>& a, const Variable<S>& b) {
  return binary(Op::add, functors::Add{}, a, b);
}
template <class S>
Variable<S> operator-(const Variable<S>& a, const Variable<S>& b) {
  return binary(Op::subtract, functors::Subtract{}, a, b);
}
template <class S>
Variable<S> operator*(const Variable<S>& a, const Variable<S>& b) {
  return binary(Op::multiply, functors::Multiply{}, a, b);
}
template <class S>
Variable<S> operator/(const Variable<S>& a, const Variable<S>& b) {
  return binary(Op::divide, functors::Divide{}, a, b);
}
template <class S>
Variable<S> maximum(const Variable<S>& a, const Variable<S>& b) {
  return binary(Op::maximum, functors::Maximum{}, a, b);
}
template <class S>
Variable<S> minimum(const Variable<S>& a, const Variable<S>& b) {
  return binary(Op::minimum, functors::Minimum{}, a, b);
}

#define DMF_INSTANTIATE(S)                                                \
  template Variable<S> relu(const Variable<S>&);                          \
  template Variable<S> leaky_relu(const Variable<S>&, double);            \
  template Variable<S> gelu(const Variable<S>&);                          \
  template Variable<S> affine(const Variable<S>&, double, double);        \
  template Variable<S> exp(const Variable<S>&);                           \
  template Variable<S> log(const Variable<S>&);                           \
  template Variable<S> sqrt(const Variable<S>&);                          \
  template Variable<S> pow(const Variable<S>&, double);                   \
  template Variable<S> abs(const Variable<S>&);                           \
  template Variable<S> maximum(const Variable<S>&, const Variable<S>&);   \
  template Variable<S> minimum(const Variable<S>&, const Variable<S>&);   \
  template Variable<S> operator+(const Variable<S>&, const Variable<S>&); \
  template Variable<S> operator-(const Variable<S>&, const Variable<S>&); \
  template Variable<S> operator*(const Variable<S>&, const Variable<S>&); \
  template Variable<S> operator/(const Variable<S>&, const Variable<S>&);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
