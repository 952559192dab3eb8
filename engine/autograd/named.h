#pragma once

#include <string>

#include "engine/autograd/variable.h"

namespace dmf {

/// A trained parameter and the name it goes by in checkpoints: "enc0.conv.weight".
template <class S>
struct NamedParameter {
  std::string name;
  Variable<S> variable;
};

/// State that is saved but not trained: "enc0.bn.running_mean".
template <class S>
struct NamedBuffer {
  std::string name;
  Tensor<S> tensor;
};

}  // namespace dmf
