#include "dmf/loss_products.h"

#include <optional>

#include "engine/core/check.h"
#include "engine/ops/reduce.h"
#include "engine/tensor/inner_product.h"

namespace dmf {
template <class S>
Gram products_at_logits(const std::vector<LossGradients<S>>& heads) {
  std::optional<Gram> all;
  for (const LossGradients<S>& head : heads) {
    const Tensor<double> products = head.products();
    const auto K = static_cast<std::size_t>(products.size(0));
    if (!all) all.emplace(K);
    for (std::size_t i = 0; i < K; ++i) {
      for (std::size_t j = 0; j < K; ++j) {
        (*all)(i, j) += head.share * head.share * products.data()[i * K + j];
      }
    }
  }
  return *all;
}

template <class S>
Gram products_at(const LossValues<S>& values, const std::vector<Variable<S>>& parameters) {
  const Index K = values.values.shape().numel();
  std::vector<std::vector<Tensor<S>>> gradients;  // by loss; not defined where it has none
  for (Index k = 0; k < K; ++k) {
    section(values.values, k, Shape{1}).backward_to(parameters);
    std::vector<Tensor<S>>& own = gradients.emplace_back();
    for (const Variable<S>& parameter : parameters) {
      const Tensor<S>& gradient = parameter.grad();
      own.push_back(gradient.defined() ? gradient.to(Device::cpu()) : gradient);
      parameter.zero_grad();
    }
  }
  Gram gram(static_cast<std::size_t>(K));
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0.0;
      for (std::size_t p = 0; p < parameters.size(); ++p) {
        const Tensor<S>&a = gradients[i][p], &b = gradients[j][p];
        if (a.defined() && b.defined()) sum += inner_product(a, b);
      }
      gram(i, j) = gram(j, i) = sum;
    }
  }
  return gram;
}

template <class S>
std::vector<Variable<S>> parameters_at(const Network<S>& network, GradientsAt at) {
  std::vector<Variable<S>> parameters;
  for (const NamedParameter<S>& parameter : network.named_parameters()) {
    const bool is_last = parameter.name.starts_with("head.");
    if (at == GradientsAt::parameters || is_last) parameters.push_back(parameter.variable);
  }
  DMF_CHECK(!parameters.empty(), ValueError, "[dmf] the network '{}' has no layer named head.",
            network.spec().name);
  return parameters;
}

#define DMF_INSTANTIATE(S)                                                          \
  template Gram products_at_logits(const std::vector<LossGradients<S>>&);           \
  template Gram products_at(const LossValues<S>&, const std::vector<Variable<S>>&); \
  template std::vector<Variable<S>> parameters_at(const Network<S>&, GradientsAt);
DMF_INSTANTIATE(float)
DMF_INSTANTIATE(double)
#undef DMF_INSTANTIATE

}  // namespace dmf
