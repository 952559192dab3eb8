#include "apps/data/annotations/label_classes.h"

#include <algorithm>
#include <map>

#include "apps/files/names.h"
#include "engine/core/check.h"

namespace dmf {
namespace {

std::vector<std::vector<std::string>> labels_by_order(const std::vector<Annotation*>& annotations) {
  std::map<std::string, std::int64_t> orders;
  for (const Annotation* annotation : annotations) {
    for (const Outline& shape : annotation->shapes) {
      const auto [known, is_new] = orders.emplace(shape.label, shape.order);
      if (!is_new) known->second = std::min(known->second, shape.order);
    }
  }
  std::vector<std::pair<std::string, std::int64_t>> sorted(orders.begin(), orders.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second < b.second : natural_less(a.first, b.first);
  });
  std::vector<std::vector<std::string>> classes;
  for (const auto& [label, order] : sorted) classes.push_back({label});
  return classes;
}

std::vector<std::string> cut_at_plus(const std::string& text) {
  std::vector<std::string> labels(1);
  for (const char c : text) {
    if (c == '+') {
      labels.emplace_back();
    } else {
      labels.back() += c;
    }
  }
  return labels;
}

}  // namespace

std::vector<std::string> assign_label_classes(const std::vector<Annotation*>& annotations,
                                              const std::vector<std::string>& joined) {
  std::vector<std::vector<std::string>> classes;
  for (const std::string& entry : joined) classes.push_back(cut_at_plus(entry));
  if (joined.empty()) classes = labels_by_order(annotations);
  std::map<std::string, int> class_of;
  std::vector<std::string> names;
  for (std::size_t k = 0; k < classes.size(); ++k) {
    for (const std::string& label : classes[k]) {
      DMF_CHECK(class_of.emplace(label, static_cast<int>(k) + 1).second, ValueError,
                "[data] --label-classes gives the label '{}' twice.", escaped_name(label));
    }
    names.push_back(escaped_name(fmt::format("{}", fmt::join(classes[k], "+"))));
  }
  for (Annotation* annotation : annotations) {
    for (Outline& shape : annotation->shapes) {
      const auto found = class_of.find(shape.label);
      DMF_CHECK(found != class_of.end(), IoError,
                "[data] {} has the label '{}', which --label-classes does not name: it names {}.",
                annotation->file.string(), escaped_name(shape.label), fmt::join(names, ", "));
      shape.label_class = found->second;
    }
  }
  return names;
}

}  // namespace dmf
