#include "losses/formula/expression_loss.h"

#include "engine/ops/concat.h"
#include "losses/kinds/class_mean.h"

namespace dmf {
namespace {

using What = LossPart::What;

}  // namespace

template <class S>
struct ExpressionLoss<S>::Value {
  double number = 0.0;
  Variable<S> variable = {};

  bool is_number() const { return !variable.defined(); }
};

/// One walk over the formula.
template <class S>
class ExpressionLoss<S>::Evaluation {
 public:
  Evaluation(const ExpressionLoss& loss, const LossInputs<S>& inputs)
      : loss_(loss), inputs_(inputs) {
    const bool pools = loss.expression_.reads_sums && is_micro();
    counts_ = pools ? pooled_classes(inputs, loss.weights_) : inputs.counts;
  }

  Value of(const LossPart& part) {
    switch (part.what) {
      case What::number:
        return {part.number};
      case What::tp:
        return {0.0, counts_.tp};
      case What::fp:
        return {0.0, counts_.fp};
      case What::fn:
        return {0.0, counts_.fn};
      case What::n:
        // The soft counts of a label's pixels sum to these, on any device.
        return {0.0, (counts_.tp.detach() + counts_.fn.detach())};
      case What::loss:
        return {0.0, next_loss()};
      case What::mean:
        return {0.0, mean_of(of(part.arguments[0]).variable, part.balance)};
      default:
        break;
    }
    const Value first = of(part.arguments[0]);
    if (part.arguments.size() == 1) return {0.0, of_one(part, first.variable)};
    return {0.0, of_two(part.what, first, of(part.arguments[1]))};
  }

  Variable<S> mean_of(const Variable<S>& x, ClassBalance balance) const {
    return is_micro() ? mean(x) : class_mean(x, inputs_.pixels, loss_.weights_, balance);
  }

 private:
  bool is_micro() const { return loss_.weights_.average == ClassAverage::micro; }

  Variable<S> next_loss() {
    const Loss<S>& loss = *loss_.losses_[used_++];
    const std::size_t terms = loss.needs(inputs_.pixels.size(1)).terms.size();
    LossInputs<S> own = inputs_;
    own.terms = inputs_.terms.subspan(first_term_, terms);
    first_term_ += terms;
    return loss.from(own);
  }

  static Variable<S> of_one(const LossPart& part, const Variable<S>& x) {
    switch (part.what) {
      case What::negate:
        return -1.0 * x;
      case What::log:
        return log(x);
      case What::exp:
        return exp(x);
      case What::sqrt:
        return sqrt(x);
      case What::abs:
        return abs(x);
      default:
        return pow(x, part.number);
    }
  }

  static Variable<S> of_two(What what, const Value& a, const Value& b) {
    // A number is part of the op where there is such an op, as in the built-in losses.
    if (what == What::add && a.is_number()) return b.variable + a.number;
    if (what == What::add && b.is_number()) return a.variable + b.number;
    if (what == What::subtract && a.is_number()) return a.number - b.variable;
    if (what == What::subtract && b.is_number()) return a.variable + -b.number;
    if (what == What::multiply && a.is_number()) return a.number * b.variable;
    if (what == What::multiply && b.is_number()) return b.number * a.variable;
    const Variable<S> x = beside(a, b), y = beside(b, a);
    switch (what) {
      case What::add:
        return x + y;
      case What::subtract:
        return x - y;
      case What::multiply:
        return x * y;
      case What::divide:
        return x / y;
      case What::min:
        return minimum(x, y);
      default:
        return maximum(x, y);
    }
  }

  /// The value in the shape of the other, where that has more elements.
  static Variable<S> beside(const Value& value, const Value& other) {
    if (value.is_number()) {
      const Shape& shape = other.variable.shape();
      const std::vector<S> all(static_cast<std::size_t>(shape.numel()),
                               static_cast<S>(value.number));
      return Variable<S>(Tensor<S>::from(all, shape, other.variable.device()));
    }
    if (other.is_number() || other.variable.shape().numel() <= value.variable.shape().numel()) {
      return value.variable;
    }
    const Shape& shape = other.variable.shape();
    const std::vector<Variable<S>> copies(static_cast<std::size_t>(shape.numel()), value.variable);
    return section(concat(copies), 0, shape);
  }

  const ExpressionLoss& loss_;
  const LossInputs<S>& inputs_;
  Counts<Variable<S>> counts_;  // of each class, [G, C]; of all, [G], by micro average
  std::size_t used_ = 0, first_term_ = 0;
};

template <class S>
ExpressionLoss<S>::ExpressionLoss(LossExpression expression, const Settings& settings)
    : expression_(std::move(expression)), weights_(class_weights_of(settings)) {
  make_losses(expression_.root, settings);
}

template <class S>
void ExpressionLoss<S>::make_losses(const LossPart& part, const Settings& settings) {
  if (part.what == What::loss) {
    Settings own = settings;
    for (const auto& [name, value] : part.settings) own.set(name, value);
    losses_.push_back(part.loss->make<S>(own));
  }
  for (const LossPart& argument : part.arguments) make_losses(argument, settings);
}

template <class S>
LossNeeds ExpressionLoss<S>::needs(Index classes) const {
  LossNeeds all;
  all.counts = expression_.reads_sums;
  if (all.counts) {
    weights_.of_counts(classes);  // throws where they do not fit
    require_classes(weights_, expression_.balances(), name());
  }
  for (const auto& loss : losses_) {
    LossNeeds own = loss->needs(classes);
    all.counts = all.counts || own.counts;
    all.each_pixel = all.each_pixel || own.each_pixel;
    all.terms.insert(all.terms.end(), own.terms.begin(), own.terms.end());
  }
  return all;
}

template <class S>
Variable<S> ExpressionLoss<S>::from(const LossInputs<S>& inputs) const {
  Evaluation evaluation(*this, inputs);
  const Variable<S> value = evaluation.of(expression_.root).variable;
  return expression_.root.by_class ? evaluation.mean_of(value, ClassBalance::none) : value;
}

template class ExpressionLoss<float>;
template class ExpressionLoss<double>;

}  // namespace dmf
