#include <algorithm>

#include "apps/oracle/loss_settings.h"
#include "apps/oracle/reference_case.h"
#include "losses/metrics.h"
#include "losses/registry.h"

namespace dmf {

LossSettings loss_settings_of(const ReferenceCase& c, const std::string& prefix) {
  LossSettings settings;
  const auto read = [&](const std::string& key, double& field) {
    if (c.has_attribute(prefix + key)) field = c.number(prefix + key);
  };
  read("eps", settings.smooth_dr);
  read("eps", settings.tversky_smooth);
  read("gamma", settings.focal_gamma);
  read("focal_gamma", settings.focal_gamma);
  read("tversky_alpha", settings.tversky_alpha);
  read("tversky_beta", settings.tversky_beta);
  read("beta", settings.tversky_beta);
  const bool focal = c.op() == "focal" || (c.has_attribute("loss") && c.text("loss") == "focal");
  if (focal && c.has_attribute(prefix + "alpha")) {
    settings.focal_alpha = c.numbers(prefix + "alpha");
  } else {
    read("alpha", settings.tversky_alpha);
  }
  if (c.has_attribute(prefix + "focal_alpha"))
    settings.focal_alpha = c.numbers(prefix + "focal_alpha");
  return settings;
}

namespace {

template <class S>
Safetensors loss_case(const ReferenceCase& c) {
  const Variable<S> logits(c.tensor<S>("logits", 4).to(c.device()), true);
  Prediction<S> prediction(logits, c.labels("labels", 3).to(c.device()));
  const Variable<S> value = (*make_loss<S>(c.op(), loss_settings_of(c, "")))(prediction);
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
  const std::map<std::string, const Scores::Family*> families = {
      {"dice", &s.dice},     {"iou", &s.iou},           {"precision", &s.precision},
      {"recall", &s.recall}, {"accuracy", &s.accuracy}, {"specificity", &s.specificity}};
  for (const auto& [name, family] : families) {
    results.set(name, vector_of(family->per_class));
    results.set("mean." + name, Tensor<double>::scalar(family->mean));
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
  for (const std::string& name : loss_names()) functions[name] = loss_case<S>;
  return functions;
}

template std::map<std::string, CaseFunction> loss_case_functions<float>();
template std::map<std::string, CaseFunction> loss_case_functions<double>();

}  // namespace dmf
