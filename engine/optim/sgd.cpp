#include "engine/core/check.h"
#include "engine/kernels/backends.h"
#include "engine/kernels/optimizer/optimizer.h"
#include "engine/optim/optimizer.h"

namespace dmf {
namespace {

template <class S>
class Sgd final : public Optimizer<S> {
 public:
  Sgd(std::vector<NamedParameter<S>> parameters, const SgdOptions& options)
      : Optimizer<S>(std::move(parameters)), options_(options) {
    this->add_moment(".velocity");
  }

 private:
  void apply(const std::vector<const NamedParameter<S>*>& parameters,
             Workspace& workspace) override {
    std::vector<SgdTensors<S>> tensors;
    for (const NamedParameter<S>* p : parameters) {
      tensors.push_back({p->variable.grad().cview(), p->variable.value().view(),
                         this->moment(*p, ".velocity").view()});
    }
    const SgdSpec spec{options_.momentum, options_.weight_decay, options_.nesterov};
    kernels<OptimizerKernels<S>>(workspace.device())
        .sgd_step(spec, this->schedule().cview(), this->norm().cview(), tensors, workspace);
  }

  SgdOptions options_;
};

}  // namespace

template <class S>
std::unique_ptr<Optimizer<S>> make_sgd(std::vector<NamedParameter<S>> parameters,
                                       const SgdOptions& options) {
  DMF_CHECK(options.momentum >= 0.0 && options.momentum < 1.0, ValueError,
            "[sgd] momentum {}: expected 0 <= momentum < 1.", options.momentum);
  DMF_CHECK(options.weight_decay >= 0.0, ValueError, "[sgd] weight decay {}: expected >= 0.",
            options.weight_decay);
  return std::make_unique<Sgd<S>>(std::move(parameters), options);
}

template std::unique_ptr<Optimizer<float>> make_sgd(std::vector<NamedParameter<float>>,
                                                    const SgdOptions&);
template std::unique_ptr<Optimizer<double>> make_sgd(std::vector<NamedParameter<double>>,
                                                     const SgdOptions&);

}  // namespace dmf
