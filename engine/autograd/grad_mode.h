#pragma once

namespace dmf {

/// Whether ops on this thread record themselves.
class GradMode {
 public:
  static bool enabled() { return enabled_; }

 private:
  friend class NoGrad;
  static inline thread_local bool enabled_ = true;
};

/// While one lives, ops on this thread record nothing: no graph, no saved tensors.
class NoGrad {
 public:
  NoGrad() : before_(GradMode::enabled_) { GradMode::enabled_ = false; }
  ~NoGrad() { GradMode::enabled_ = before_; }
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

}  // namespace dmf
