#include "dmf/c/dmf_fusion.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "dmf/fusion.h"
#include "dmf/gram_rules/weighting_rules.h"

struct dmf_fusion {
  std::size_t losses;
  dmf::Fusion fusion;
};

namespace {

using dmf::FusionSpec;
using dmf::FusionState;
using dmf::ValueError;

thread_local std::string last_error;

/// Calls f; where it throws, keeps the message and returns `failed`.
template <class Result, class F>
Result guarded(Result failed, F f) noexcept {
  try {
    return f();
  } catch (const std::exception& problem) {
    try {
      last_error = problem.what();
    } catch (...) {
      last_error.clear();
    }
  } catch (...) {
    last_error.clear();
  }
  return failed;
}

void require(bool holds, const std::string& otherwise) {
  if (!holds) throw ValueError("[dmf] " + otherwise);
}

double number_in(std::string_view key, std::string_view text) {
  double value = 0.0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(problem == std::errc() && end == text.data() + text.size() && std::isfinite(value),
          std::string(key) + ": got '" + std::string(text) + "', expected a number.");
  return value;
}

std::int64_t whole_in(std::string_view key, std::string_view text) {
  const double value = number_in(key, text);
  require(std::nearbyint(value) == value && std::abs(value) < 0x1p53,
          std::string(key) + ": got '" + std::string(text) + "', expected a whole number.");
  return static_cast<std::int64_t>(value);
}

std::size_t count_in(std::string_view key, std::string_view text) {
  const std::int64_t value = whole_in(key, text);
  require(value >= 0, std::string(key) + ": got " + std::string(text) + ", expected >= 0.");
  return static_cast<std::size_t>(value);
}

std::vector<double> numbers_in(std::string_view key, std::string_view text) {
  std::vector<double> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    numbers.push_back(number_in(key, text.substr(at, comma - at)));
    at = comma + 1;
  }
  return numbers;
}

dmf::Setting::Value value_in(const dmf::Setting& setting, std::string_view text) {
  if (std::holds_alternative<std::string>(setting.initial)) return std::string(text);
  if (std::holds_alternative<double>(setting.initial)) return number_in(setting.name, text);
  if (std::holds_alternative<std::int64_t>(setting.initial)) return whole_in(setting.name, text);
  if (std::holds_alternative<bool>(setting.initial)) {
    require(text == "true" || text == "false",
            setting.name + ": got '" + std::string(text) + "', expected true or false.");
    return text == "true";
  }
  return numbers_in(setting.name, text);
}

void set_rule_option(FusionSpec& spec, std::string_view key, std::string_view text) {
  for (const dmf::Setting& setting : spec.rule.all()) {
    if (setting.name == key) return spec.rule.set(key, value_in(setting, text));
  }
  throw ValueError("[dmf] there is no option '" + std::string(key) + "'.");
}

void set_option(FusionSpec& spec, std::string_view key, std::string_view text) {
  if (key == "history-size") {
    spec.history_size = count_in(key, text);
  } else if (key == "history-size-max") {
    spec.history_size_max = count_in(key, text);
  } else if (key == "initial-weights") {
    spec.initial_weights = numbers_in(key, text);
  } else if (key == "weight-averaging") {
    spec.averaging = number_in(key, text);
  } else if (key == "weight-max-change") {
    spec.largest_change = number_in(key, text);
  } else if (key == "weight-scale") {
    spec.scale = dmf::entry_named(dmf::kWeightScales, text, key).value;
  } else if (key == "negative-weights") {
    spec.negative = dmf::entry_named(dmf::kNegativeWeights, text, key).value;
  } else if (key == "aux-gamma0") {
    spec.auxiliary.gamma0 = number_in(key, text);
  } else if (key == "aux-lambda") {
    spec.auxiliary.lambda = number_in(key, text);
  } else if (key == "batch-track-steps") {
    spec.auxiliary.every = static_cast<decltype(spec.auxiliary.every)>(count_in(key, text));
  } else if (key == "seed") {
    spec.seed = count_in(key, text);
  } else if (key == "steps-per-epoch") {
    spec.steps_per_epoch = static_cast<std::int64_t>(count_in(key, text));
  } else {
    set_rule_option(spec, key, text);
  }
}

void read_options(FusionSpec& spec, std::string_view lines) {
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    const std::string_view line = lines.substr(at, end - at);
    at = end + 1;
    if (line.empty()) continue;
    const std::size_t equals = line.find('=');
    require(equals != std::string_view::npos,
            "options: got the line '" + std::string(line) + "', expected key=value.");
    set_option(spec, line.substr(0, equals), line.substr(equals + 1));
  }
  spec.history_size_max = std::max(spec.history_size_max, spec.history_size);
}

/// step, K, the length of a history, of the rule's state; then histories, weights, the rule's state.
constexpr std::size_t kHead = 4;

std::vector<double> numbers_of(const FusionState& state) {
  const std::size_t held = state.history.empty() ? 0 : state.history.front().size();
  std::vector<double> numbers = {static_cast<double>(state.step),
                                 static_cast<double>(state.weights.size()),
                                 static_cast<double>(held), static_cast<double>(state.rule.size())};
  for (const std::vector<double>& values : state.history) {
    numbers.insert(numbers.end(), values.begin(), values.end());
  }
  numbers.insert(numbers.end(), state.weights.begin(), state.weights.end());
  numbers.insert(numbers.end(), state.rule.begin(), state.rule.end());
  return numbers;
}

FusionState state_of(const double* numbers, std::size_t count) {
  constexpr double kMost = 0x1p40;
  const char* unsound = "the state is none that dmf_fusion_state() gave.";
  require(numbers != nullptr && count >= kHead, unsound);
  for (std::size_t i = 0; i < kHead; ++i) {
    require(numbers[i] >= 0.0 && numbers[i] < kMost && std::nearbyint(numbers[i]) == numbers[i],
            unsound);
  }
  const auto losses = static_cast<std::size_t>(numbers[1]),
             held = static_cast<std::size_t>(numbers[2]),
             of_rule = static_cast<std::size_t>(numbers[3]);
  require(numbers[1] * (numbers[2] + 1.0) + numbers[3] + kHead == static_cast<double>(count),
          unsound);
  const double* at = numbers + kHead;
  const auto take = [&at](std::size_t size) {
    at += size;
    return std::vector<double>(at - size, at);
  };
  FusionState state;
  state.step = static_cast<std::int64_t>(numbers[0]);
  for (std::size_t k = 0; k < losses; ++k) state.history.push_back(take(held));
  state.weights = take(losses);
  state.rule = take(of_rule);
  return state;
}

}  // namespace

dmf_fusion* dmf_fusion_create(int losses, const char* const* names, const char* weighting,
                              const char* options) {
  return guarded<dmf_fusion*>(nullptr, [&] {
    require(losses > 0 && names != nullptr && weighting != nullptr,
            "create: expected at least one loss, its name and a rule.");
    FusionSpec spec;
    for (int k = 0; k < losses; ++k) {
      require(names[k] != nullptr, "create: a loss has no name.");
      spec.losses.emplace_back(names[k]);
    }
    spec.weighting = weighting;
    spec.rule = dmf::rule_settings();
    if (options != nullptr) read_options(spec, options);
    return new dmf_fusion{static_cast<std::size_t>(losses),
                          dmf::Fusion(spec, dmf::weighting_rules())};
  });
}

void dmf_fusion_destroy(dmf_fusion* fusion) {
  delete fusion;
}

const char* dmf_fusion_error(void) {
  return last_error.c_str();
}

int dmf_fusion_needs(const dmf_fusion* fusion) {
  return guarded(0, [&] {
    require(fusion != nullptr, "needs: expected a fusion.");
    const dmf::RuleNeeds needs = fusion->fusion.needs();
    return (needs.gradients ? DMF_NEEDS_GRADIENTS : 0) +
           (needs.losses_after_update ? DMF_NEEDS_LOSSES_AFTER : 0);
  });
}

int dmf_fusion_step(dmf_fusion* fusion, const double* values, const double* gram, double* weights,
                    double* gamma) {
  return guarded(-1, [&] {
    require(fusion != nullptr && values != nullptr && weights != nullptr,
            "step: expected a fusion, values and room for weights.");
    const std::size_t K = fusion->losses;
    dmf::Gram products(K);
    for (std::size_t i = 0; gram != nullptr && i < K; ++i) {
      for (std::size_t j = 0; j < K; ++j) products(i, j) = gram[i * K + j];
    }
    const dmf::Fusion::Factors factors =
        fusion->fusion.step({values, K}, gram != nullptr ? &products : nullptr);
    std::copy(factors.weights.begin(), factors.weights.end(), weights);
    if (gamma != nullptr) *gamma = factors.gamma;
    return 0;
  });
}

int dmf_fusion_losses_after(dmf_fusion* fusion, const double* values) {
  return guarded(-1, [&] {
    require(fusion != nullptr && values != nullptr, "losses_after: expected a fusion and values.");
    fusion->fusion.losses_after({values, fusion->losses});
    return 0;
  });
}

size_t dmf_fusion_state(const dmf_fusion* fusion, double* numbers, size_t room) {
  return guarded<std::size_t>(0, [&] {
    require(fusion != nullptr, "state: expected a fusion.");
    const std::vector<double> all = numbers_of(fusion->fusion.state());
    if (numbers != nullptr && room >= all.size()) std::copy(all.begin(), all.end(), numbers);
    return all.size();
  });
}

int dmf_fusion_load_state(dmf_fusion* fusion, const double* numbers, size_t count) {
  return guarded(-1, [&] {
    require(fusion != nullptr, "load_state: expected a fusion.");
    fusion->fusion.load_state(state_of(numbers, count));
    return 0;
  });
}
