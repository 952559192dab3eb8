#pragma once

// pixel_terms out of the kernels of log_softmax, soft_confusion and pixel_nll: its definition, and
// all that the CPU needs, whose caches keep what one of them leaves for the next. Include inside a
// backend's namespace.

/// Where the terms lie in their row.
struct TermLayout {
  Index G, C;
  bool with_counts;

  TermLayout(const PixelTermsSpec& spec, In<std::int32_t> target, Index classes)
      : G(spec.per_image ? target.size(0) : 1), C(classes), with_counts(spec.counts) {}

  template <class T>
  View<T> counts(T* terms) const {
    return {terms, Shape{3, G, C}};
  }
  template <class T>
  View<T> nll(T* terms, int j) const {
    return {terms + (with_counts ? 3 * G * C : 0) + j * G, Shape{G}};
  }
  ConstView<double> scale(In<double> factors, int j) const {
    return {factors.data + 2 * j * C, Shape{C}};
  }
  ConstView<double> normalizer(In<double> factors, int j) const {
    return {factors.data + (2 * j + 1) * C, Shape{C}};
  }
};

inline PixelNllSpec nll_spec(const PixelTermsSpec& spec, int j) {
  return {spec.gamma[j], spec.ignore_index, spec.per_image};
}

template <class T>
void pixel_terms_forward(const PixelTermsSpec& spec, In<T> logits, In<std::int32_t> target,
                         In<double> factors, View<T> log_probs, View<T> terms,
                         View<double> /*totals: pixel_nll's gradient finds them again*/,
                         Workspace& workspace) {
  const TermLayout at(spec, target, logits.size(-1));
  softmax_kernels<T>().log_forward(logits, log_probs);
  if (spec.counts) {
    soft_confusion_forward<T>({spec.ignore_index, spec.per_image}, log_probs, target,
                              at.counts(terms.data), workspace);
  }
  for (int j = 0; j < spec.nll; ++j) {
    pixel_nll_forward<T>(nll_spec(spec, j), log_probs, target, at.scale(factors, j),
                         at.normalizer(factors, j), at.nll(terms.data, j), workspace);
  }
}

template <class T>
void pixel_terms_backward(const PixelTermsSpec& spec, In<T> log_probs, In<std::int32_t> target,
                          In<double> factors, In<double>, In<T> dterms, View<T> dlogits,
                          Workspace& workspace) {
  const TermLayout at(spec, target, log_probs.size(-1));
  const View<T> sum(workspace.take<T>(log_probs.numel()), log_probs.shape);
  const View<T> more(workspace.take<T>(log_probs.numel()), log_probs.shape);
  bool begun = false;
  const auto add = [&](const auto& compute) {
    compute(begun ? more : sum);
    if (begun) elementwise_kernels<T>().accumulate(more, sum);
    begun = true;
  };
  if (spec.counts) {
    add([&](View<T> to) {
      soft_confusion_backward<T>({spec.ignore_index, spec.per_image}, log_probs, target,
                                 at.counts(dterms.data), to);
    });
  }
  for (int j = spec.nll; j-- > 0;) {
    add([&](View<T> to) {
      pixel_nll_backward<T>(nll_spec(spec, j), log_probs, target, at.scale(factors, j),
                            at.normalizer(factors, j), at.nll(dterms.data, j), to, workspace);
    });
  }
  softmax_kernels<T>().log_backward(log_probs, sum, dlogits);
}
