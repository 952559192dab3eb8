#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/optimizer/optimizer.h"
#include "engine/optim/optimizer.h"

namespace dmf {
namespace {

template <class S>
class Adam final : public Optimizer<S> {
 public:
  Adam(std::vector<NamedParameter<S>> parameters, const AdamOptions& options)
      : Optimizer<S>(std::move(parameters)), options_(options) {
    this->add_moment(".m");
    this->add_moment(".v");
  }

 private:
  void apply(const std::vector<const NamedParameter<S>*>& parameters,
             Workspace& workspace) override {
    std::vector<AdamTensors<S>> tensors;
    for (const NamedParameter<S>* p : parameters) {
      tensors.push_back({p->variable.grad().cview(), p->variable.value().view(),
                         this->moment(*p, ".m").view(), this->moment(*p, ".v").view()});
    }
    const AdamSpec spec{options_.beta1, options_.beta2, options_.eps, options_.weight_decay,
                        options_.decoupled};
    kernels<OptimizerKernels<S>>(workspace.device())
        .adam_step(spec, this->schedule().cview(), this->norm().cview(), tensors, workspace);
  }

  AdamOptions options_;
};

}  // namespace

template <class S>
std::unique_ptr<Optimizer<S>> make_adam(std::vector<NamedParameter<S>> parameters,
                                        const AdamOptions& options) {
  const auto fraction = [](double beta) { return beta >= 0.0 && beta < 1.0; };
  DMF_CHECK(fraction(options.beta1) && fraction(options.beta2), ValueError,
            "[adam] beta1 {}, beta2 {}: expected 0 <= beta < 1.", options.beta1, options.beta2);
  DMF_CHECK(options.eps > 0.0, ValueError, "[adam] eps {}: expected > 0.", options.eps);
  DMF_CHECK(options.weight_decay >= 0.0, ValueError, "[adam] weight decay {}: expected >= 0.",
            options.weight_decay);
  return std::make_unique<Adam<S>>(std::move(parameters), options);
}

template std::unique_ptr<Optimizer<float>> make_adam(std::vector<NamedParameter<float>>,
                                                     const AdamOptions&);
template std::unique_ptr<Optimizer<double>> make_adam(std::vector<NamedParameter<double>>,
                                                      const AdamOptions&);

}  // namespace dmf
