#include <algorithm>

#include "apps/oracle/loss_settings.h"
#include "apps/oracle/reference_case.h"
#include "engine/core/check.h"
#include "engine/ops/concat.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/reduce.h"
#include "losses/evaluate.h"
#include "losses/kinds/class_weights.h"
#include "losses/metrics/metrics.h"
#include "losses/registry.h"

namespace dmf {
namespace {

/// Which classes count, as others say it: without the background, or those in a list.
void read_classes(const ReferenceCase& c, const std::string& prefix, Settings& settings) {
  if (c.has_attribute(prefix + "include_background")) {
    settings.set("exclude-background", !c.flag(prefix + "include_background", true));
  }
  if (!c.has_attribute(prefix + "classes")) return;
  const std::vector<int> counting = c.integers(prefix + "classes", 0, 1023);
  std::vector<double> weights = settings.list("class-weights");
  weights.resize(static_cast<std::size_t>(c.tensor<double>("logits", 4).size(3)), 1.0);
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (std::find(counting.begin(), counting.end(), static_cast<int>(k)) == counting.end()) {
      weights[k] = 0.0;
    }
  }
  settings.set("class-weights", weights);
}

/// Numerator and denominator of an overlap by the names that all of them share.
void read_smoothing(const ReferenceCase& c, const std::string& prefix, Settings& settings) {
  const auto number = [&](const char* key, double otherwise) {
    return c.has_attribute(prefix + key) ? c.number(prefix + key) : otherwise;
  };
  settings.set("smooth-dr", number("eps", settings.number("smooth-dr")));
  for (const Setting& setting : settings.all()) {  // those of a loss that has its own
    if (!setting.name.ends_with("-smooth")) continue;
    if (std::holds_alternative<double>(setting.initial)) {
      settings.set(setting.name, number("eps", settings.number(setting.name)));
    } else {
      const double both = number("eps", settings.list(setting.name).front());
      settings.set(setting.name,
                   std::vector<double>{number("smooth_nr", both), number("smooth_dr", both)});
    }
  }
}

}  // namespace

Settings loss_settings_of(const ReferenceCase& c, const std::string& prefix) {
  Settings settings = loss_settings();
  read_smoothing(c, prefix, settings);
  const std::string loss = c.has_attribute("loss") ? c.text("loss") : c.op();
  for (const Setting& setting : settings.all()) {
    const std::string key = attribute_of(setting);
    const bool is_own = key.starts_with(loss + "_");
    for (const std::string& name : {is_own ? key.substr(loss.size() + 1) : key, key}) {
      if (c.has_attribute(prefix + name)) {
        settings.set(setting.name, value_of(c, prefix + name, setting));
      }
    }
  }
  read_classes(c, prefix, settings);
  return settings;
}

namespace {

/// Logits, labels and settings of a case.
template <class S>
struct LossCase {
  Variable<S> logits;  // [N, H, W, C]
  Labels labels;
  Settings settings;
  Reduction groups;

  LossCase(const ReferenceCase& c, Device device)
      : logits(c.tensor<S>("logits", 4).to(device), true),
        labels(Labels(c.labels("labels", 3), logits.size(3),
                      c.has_attribute("ignore_index") ? c.integer("ignore_index") : kNoIgnore)
                   .to(device)),
        settings(loss_settings_of(c, "")),
        groups(c.flag("per_image", false) ? Reduction::image : Reduction::batch) {
    ClassWeights{.weights = settings.list("class-weights")}.of_pixels(
        logits.size(3));  // one a class
  }

  double weight_of(Index k) const {
    const std::vector<double>& weights = settings.list("class-weights");
    return weights.empty() ? 1.0 : weights[static_cast<std::size_t>(k)];
  }
};

/// The images of one group by themselves.
template <class S>
struct Group {
  Variable<S> logits;
  Labels labels;
};

template <class S>
std::vector<Group<S>> groups_of(const LossCase<S>& of) {
  const Index groups = of.groups == Reduction::image ? of.logits.size(0) : 1;
  const Shape own{of.logits.size(0) / groups, of.logits.size(1), of.logits.size(2),
                  of.logits.size(3)};
  std::vector<Group<S>> all;
  for (Index g = 0; g < groups; ++g) {
    Tensor<std::int32_t> labels(Shape{own[0], own[1], own[2]});
    std::copy_n(of.labels.tensor().data() + g * labels.numel(), labels.numel(), labels.data());
    all.push_back({section(of.logits, g * own.numel(), own),
                   Labels(labels, own[3], of.labels.ignore_index())});
  }
  return all;
}

/// Of a loss that is no mean within a group, [G].
template <class S>
Variable<S> each_group(const ReferenceCase& c, const LossCase<S>& of) {
  std::vector<Variable<S>> each;
  for (const Group<S>& group : groups_of(of)) {
    const Variable<S> loss =
        evaluate_loss(*make_loss<S>(c.op(), of.settings), group.logits, group.labels);
    each.push_back(section(loss, 0, Shape{1, 1, 1, 1}));
  }
  return section(concat(each), 0, Shape{static_cast<Index>(each.size())});
}

/// Of a mean over classes, [G, C]: each class of each group alone, times its weight.
template <class S>
Variable<S> each_class(const ReferenceCase& c, const LossCase<S>& of) {
  const Index classes = of.logits.size(3);
  std::vector<Variable<S>> each;
  for (const Group<S>& group : groups_of(of)) {
    for (Index k = 0; k < classes; ++k) {
      std::vector<double> alone(static_cast<std::size_t>(classes));
      alone[static_cast<std::size_t>(k)] = 1.0;
      Settings settings = of.settings;
      settings.set("exclude-background", false);
      settings.set("class-weights", alone);
      const Variable<S> loss =
          evaluate_loss(*make_loss<S>(c.op(), settings), group.logits, group.labels);
      const bool counts = k > 0 || !of.settings.flag("exclude-background");
      each.push_back(section((counts ? of.weight_of(k) : 0.0) * loss, 0, Shape{1, 1, 1, 1}));
    }
  }
  return section(concat(each), 0, Shape{static_cast<Index>(each.size()) / classes, classes});
}

/// Of a mean over pixels, [N, H, W]: each alone, times its class's weight; 0 for one that is
/// ignored.
template <class S>
Variable<S> each_pixel(const ReferenceCase& c, const LossCase<S>& of) {
  const Tensor<std::int32_t>& all = of.labels.tensor();
  const Index classes = of.logits.size(3);
  const Labels labels(all.reshape(Shape{all.numel(), 1, 1}), classes, of.labels.ignore_index());
  const Variable<S> logits = section(of.logits, 0, Shape{all.numel(), 1, 1, classes});
  const LossNeeds needs = make_loss<S>(c.op(), of.settings)->needs(classes);
  const Variable<S> each =
      pixel_sums(logits, labels, {.per_image = true, .counts = false, .terms = needs.terms}).row;
  Tensor<S> weights(all.shape());
  for (Index i = 0; i < all.numel(); ++i) {
    const bool counts = all.data()[i] != of.labels.ignore_index();
    weights.data()[i] = counts ? static_cast<S>(of.weight_of(all.data()[i])) : S(0);
  }
  return section(each, 0, all.shape()) * Variable<S>(weights);
}

template <class S>
Safetensors loss_case(const ReferenceCase& c) {
  const std::string reduction =
      c.has_attribute("reduction") ? c.choice("reduction", {"mean", "sum", "none"}) : "mean";
  Safetensors results;
  if (reduction == "mean") {
    const LossCase<S> of(c, c.device());
    const Variable<S> value =
        evaluate_loss(*make_loss<S>(c.op(), of.settings), of.logits, of.labels, of.groups);
    value.backward();
    results.set("output", value.value());
    results.set("grad.logits", of.logits.grad());
    return results;
  }
  const LossCase<S> of(c, Device::cpu());
  const Variable<S> each =
      entry_named(losses(), c.op(), "loss").on_counts ? each_class(c, of) : each_pixel(c, of);
  if (reduction == "sum") {
    const Variable<S> value = sum(each);
    value.backward();
    results.set("output", value.value());
  } else {
    results.set("output", each.value());
    if (!c.has("grad_output")) return results;
    each.backward(c.tensor<S>("grad_output", each.shape().rank()));
  }
  results.set("grad.logits", of.logits.grad());
  return results;
}

Tensor<double> vector_of(const std::vector<double>& values) {
  return Tensor<double>::from(values, Shape{static_cast<Index>(values.size())});
}

Safetensors metrics_case(const ReferenceCase& c) {
  const int classes = c.integer("num_classes", 1, 1024);
  ConfusionMatrix confusion(classes);
  const Tensor<std::int32_t> labels = c.labels("labels", 3), pred = c.labels("pred", 3);
  confusion.add(labels.span(), pred.span());
  const Scores s = score(confusion, c.number("eps"));
  Safetensors results;
  Tensor<std::int32_t> cells(Shape{classes, classes}), counts(Shape{classes, 4});
  for (int i = 0; i < classes; ++i) {
    for (int j = 0; j < classes; ++j) {
      cells.data()[i * classes + j] = static_cast<std::int32_t>(confusion(i, j));
    }
    const std::int64_t row[4] = {confusion.tp(i), confusion.fp(i), confusion.tn(i),
                                 confusion.fn(i)};
    for (int k = 0; k < 4; ++k) counts.data()[i * 4 + k] = static_cast<std::int32_t>(row[k]);
  }
  results.set("confusion", cells);
  results.set("counts", counts);
  for (const ClassMetric& metric : kClassMetrics) {
    const std::string name(metric.name);
    results.set(name, vector_of(s[name].per_class));
    results.set("mean." + name, Tensor<double>::scalar(s[name].mean));
  }
  results.set("f1", Tensor<double>::scalar(s.f1));
  results.set("class_weights", vector_of(s.class_weights));
  results.set("cb_dice", Tensor<double>::scalar(s.cb_dice));
  return results;
}

}  // namespace

template <class S>
std::map<std::string, CaseFunction> loss_case_functions() {
  std::map<std::string, CaseFunction> functions = {{"metrics", metrics_case}};
  for (const std::string& name : names_of(losses())) functions[name] = loss_case<S>;
  return functions;
}

template std::map<std::string, CaseFunction> loss_case_functions<float>();
template std::map<std::string, CaseFunction> loss_case_functions<double>();

}  // namespace dmf
