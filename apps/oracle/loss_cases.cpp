#include <algorithm>

#include "apps/oracle/loss_settings.h"
#include "apps/oracle/reference_case.h"
#include "losses/evaluate.h"
#include "losses/metrics.h"
#include "losses/registry.h"

namespace dmf {

Settings loss_settings_of(const ReferenceCase& c, const std::string& prefix) {
  Settings settings = loss_settings();
  const auto read = [&](const std::string& key, const char* setting) {
    if (c.has_attribute(prefix + key)) settings.set(setting, c.number(prefix + key));
  };
  read("eps", "smooth-dr");
  read("eps", "tversky-smooth");
  read("gamma", "focal-gamma");
  read("focal_gamma", "focal-gamma");
  read("tversky_alpha", "tversky-alpha");
  read("tversky_beta", "tversky-beta");
  read("beta", "tversky-beta");
  const bool focal = c.op() == "focal" || (c.has_attribute("loss") && c.text("loss") == "focal");
  if (focal && c.has_attribute(prefix + "alpha")) {
    settings.set("focal-alpha", c.numbers(prefix + "alpha"));
  } else {
    read("alpha", "tversky-alpha");
  }
  if (c.has_attribute(prefix + "focal_alpha")) {
    settings.set("focal-alpha", c.numbers(prefix + "focal_alpha"));
  }
  return settings;
}

namespace {

template <class S>
Safetensors loss_case(const ReferenceCase& c) {
  const Variable<S> logits(c.tensor<S>("logits", 4).to(c.device()), true);
  const Labels labels(c.labels("labels", 3), logits.size(3));
  const Variable<S> value =
      evaluate_loss(*make_loss<S>(c.op(), loss_settings_of(c, "")), logits, labels.to(c.device()));
  value.backward();
  Safetensors results;
  results.set("output", value.value());
  results.set("grad.logits", logits.grad());
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
