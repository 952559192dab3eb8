#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/ops/elementwise.h"
#include "losses/loss.h"

namespace dmf {

/// A weighted sum of losses that counts as one: needs unite, values add.
template <class S>
class CompositeLoss final : public Loss<S> {
 public:
  struct Part {
    double factor;
    std::unique_ptr<Loss<S>> loss;
  };

  /// parts  at least one
  CompositeLoss(std::string name, std::vector<Part> parts)
      : name_(std::move(name)), parts_(std::move(parts)) {}

  const std::string& name() const override { return name_; }

  LossNeeds needs(Index classes) const override {
    LossNeeds all;
    for (const Part& part : parts_) {
      LossNeeds own = part.loss->needs(classes);
      all.counts = all.counts || own.counts;
      all.each_pixel = all.each_pixel || own.each_pixel;
      all.terms.insert(all.terms.end(), own.terms.begin(), own.terms.end());
    }
    return all;
  }

  Variable<S> from(const LossInputs<S>& inputs) const override {
    Variable<S> total;
    std::size_t first = 0;
    for (const Part& part : parts_) {
      const std::size_t terms = part.loss->needs(inputs.pixels.size(1)).terms.size();
      LossInputs<S> own = inputs;
      own.terms = inputs.terms.subspan(first, terms);
      first += terms;
      const Variable<S> value = part.factor * part.loss->from(own);
      total = total.defined() ? total + value : value;
    }
    return total;
  }

 private:
  std::string name_;
  std::vector<Part> parts_;
};

}  // namespace dmf
