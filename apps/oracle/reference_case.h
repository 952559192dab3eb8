#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/core/compute.h"
#include "engine/core/settings.h"
#include "engine/io/safetensors.h"

namespace dmf {

/// A reference case: a safetensors file whose metadata names an op and its attributes, whose plain
/// tensors are inputs and whose `expect.NAME` tensors are results. Conv weights are [KH, KW, C_in,
/// C_out], also of transposed convolutions (whose own layout here has the last two the other way).
class ReferenceCase {
 public:
  /// compute  with what it is to be computed
  explicit ReferenceCase(Safetensors file, const Compute& compute = Device::cpu())
      : file_(std::move(file)), compute_(compute) {}

  const Compute& compute() const { return compute_; }
  Device device() const { return compute_.device; }
  const Safetensors& file() const { return file_; }
  std::string op() const { return text("op"); }
  bool has(const std::string& tensor) const { return file_.tensors.contains(tensor); }
  bool has_attribute(const std::string& key) const { return file_.metadata.contains(key); }

  // Attributes. throws  IoError naming a key that is missing or not sound
  std::string text(const std::string& key) const;
  /// One of `words`.
  std::string choice(const std::string& key, const std::vector<std::string>& words) const;
  double number(const std::string& key) const;
  /// 0 or 1; `otherwise` where the case says nothing.
  bool flag(const std::string& key, bool otherwise) const;
  int integer(const std::string& key, int least = -1'000'000'000, int most = 1'000'000'000) const;
  std::vector<double> numbers(const std::string& key) const;
  std::vector<int> integers(const std::string& key, int least, int most) const;
  std::vector<std::string> texts(const std::string& key) const;

  static constexpr int kAnyRank = -1;
  /// A tensor; throws  IoError naming it where it is missing or has another rank.
  template <class S>
  Tensor<S> tensor(const std::string& name, int rank) const;
  Tensor<std::int32_t> labels(const std::string& name, int rank) const;

 private:
  Safetensors file_;
  Compute compute_;
};

/// The attribute that stands for a setting: `focal_gamma` for focal-gamma.
std::string attribute_of(const Setting& setting);
/// What that attribute says.
///
/// throws  IoError where it is not of the setting's type
Setting::Value value_of(const ReferenceCase& c, const std::string& key, const Setting& setting);

/// A small file must not ask for more memory, or time, than a case can need.
///
/// elements  of a tensor that a case's attributes ask for
/// throws    IoError above 2^26
void require_feasible(double elements);

/// Computes the results of a case, named as after `expect.`.
using CaseFunction = std::function<Safetensors(const ReferenceCase&)>;

/// Ops and what computes them, in the precision of S; weightings, metrics and images in double
/// always.
template <class S>
std::map<std::string, CaseFunction> layer_case_functions();
template <class S>
std::map<std::string, CaseFunction> loss_case_functions();
template <class S>
std::map<std::string, CaseFunction> fusion_case_functions();
template <class S>
std::map<std::string, CaseFunction> network_case_functions();
std::map<std::string, CaseFunction> image_case_functions();

/// Every op there is.
std::vector<std::string> case_ops();

enum class Precision {
  as_given,  // of the case's own tensors
  single,    // float whatever the case holds, compared with rtol 1e-4 and atol 1e-6
};

/// Computes a case on its device; weightings, metrics and images on the CPU.
///
/// return  its results, named as after `expect.`, with the op and the name as metadata
/// throws  IoError for an op that is none of case_ops(), or a case that is not sound
Safetensors compute_case(const ReferenceCase& reference, Precision precision);

enum class CaseVerdict { pass, fail, unsupported };

struct CaseReport {
  std::string op, name;
  CaseVerdict verdict = CaseVerdict::fail;
  Safetensors results;
  double largest_absolute = 0.0, largest_relative = 0.0;
  std::string message;  // what failed, or why
};

/// Computes a case and compares every `expect.*` tensor: max |a - e| <= atol + rtol * max |e|,
/// integers equal. `expect.opencv` is another program's rounding of a result and is left out. In
/// single precision a case tagged `f64_only` is unsupported.
CaseReport check_case(const std::filesystem::path& path, Precision precision,
                      const Compute& compute = Device::cpu());

}  // namespace dmf
