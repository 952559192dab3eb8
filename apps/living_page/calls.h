#pragma once

#include <exception>
#include <string>

#if defined(__EMSCRIPTEN__)
#include <emscripten.h>
/// A function that the page calls.
#define DMF_CALLED extern "C" EMSCRIPTEN_KEEPALIVE
#else
#define DMF_CALLED extern "C"
#endif

// What the living page asks of the engine: C functions of numbers, so that a page, a test in Node and a native
// program ask the same. Arrays are row-major; what a function fills in is named last. Images have two classes, background
// and lesion. Each returns 0, or -1 where living_error() says why: nothing is to be trusted then.

/// Why the last call failed: one line, until the next one fails.
DMF_CALLED const char* living_error();

// ---- Losses, of one image: logits [height, width, 2]. labels [height, width]: where `soft` is 0, classes; else the
// probability of a lesion.

/// All losses there are, by their place in the table; null beyond its end.
DMF_CALLED const char* living_loss_name(int place);
DMF_CALLED const char* living_loss_help(int place);

/// loss      a name, or a formula of losses
/// value     [1]
/// gradient  [height, width, 2], of the logits
DMF_CALLED int living_loss(const char* loss, int height, int width, const double* logits,
                           const double* labels, int soft, double* value, double* gradient);
/// counts  [3, 2]: TP, FP, FN of background and lesion, differentiable ones
DMF_CALLED int living_counts(int height, int width, const double* logits, const double* labels,
                             int soft, double* counts);
/// Cosines of the losses' gradients at the logits.
///
/// losses   names with a comma between, K of them
/// cosines  [K, K]
DMF_CALLED int living_cosines(const char* losses, int height, int width, const double* logits,
                              const double* labels, int soft, double* cosines);
/// The comparison that the test suite makes of every loss (tests/support/gradcheck.h).
///
/// analytic, numeric  [height, width, 2], of a drawn factor times the loss; NaN where an element was left out
/// summary            [3]: elements compared, left out, the factor
/// return             as all; -1 too where the suite would fail, with its words
DMF_CALLED int living_gradcheck(const char* loss, int height, int width, const double* logits,
                                const double* labels, int soft, double* analytic, double* numeric,
                                double* summary);
/// 1 - mean Dice of the classes that argmax finds, as the authors' demo computes its losses.
///
/// value  [1]
DMF_CALLED int living_argmax_loss(int height, int width, const double* logits, const double* labels,
                                  double* value);

// ---- Scores of hard predictions.

/// How the same predictions can be counted, by place: a name, and what it averages; null beyond the end.
DMF_CALLED const char* living_score_name(int place);
DMF_CALLED const char* living_score_what(int place);
/// truth, predicted  [images, size, size], 0 or 1
/// batch             images a batch
/// dice, iou         one for each name
DMF_CALLED int living_scores(int images, int size, const int* truth, const int* predicted,
                             int batch, double* dice, double* iou);

// ---- The memory.

/// Rules that need the losses alone, by place.
DMF_CALLED const char* living_rule_name(int place);
DMF_CALLED const char* living_rule_help(int place);
/// What a rule would have made of these losses.
///
/// rule     a name, or an expression
/// curves   [steps, losses]
/// weights  [steps, losses]
DMF_CALLED int living_replay(const char* rule, int losses, int steps, const double* curves,
                             int history_size, int history_size_max, double* weights);
/// One loss's history as the rules see it.
///
/// symlog, z   [count]
/// statistics  [4]: mean, variance, median and median absolute deviation of z
DMF_CALLED int living_history(int count, const double* values, double* symlog, double* z,
                              double* statistics);
/// gamma  [steps]
DMF_CALLED int living_gamma(double gamma0, double lambda, int every, int steps, double* gamma);

// ---- One convolution.

/// x [size, size], weight [kernel, kernel], padded so that y [size, size]; dy is the gradient of y.
DMF_CALLED int living_conv2d(int size, int kernel, const double* x, const double* weight,
                             const double* dy, double* y, double* dx, double* dweight);

// ---- A training, of one network at a time.

/// Begins anew with simulated images.
///
/// losses, auxiliary  as the programs take them; the auxiliary one may be empty
DMF_CALLED int living_train_begin(int images, int size, int width, int batch, const char* losses,
                                  const char* auxiliary, const char* rule, int history_size,
                                  double lr, int seed);
/// One step on the next batch.
///
/// row  K raw losses, the auxiliary one, K weights, gamma, the objective
DMF_CALLED int living_train_step(double* row);
/// image, truth, found  [size, size]: intensities, classes, the probability of a lesion
DMF_CALLED int living_train_look(int place, double* image, double* truth, double* found);
/// Mean lesion Dice per image, of all images.
DMF_CALLED int living_train_score(double* dice);

namespace dmf {

/// Calls f; where it throws, keeps the message for living_error() and returns -1.
template <class F>
int guarded(F f) noexcept;

std::string& living_message();

template <class F>
int guarded(F f) noexcept {
  try {
    f();
    return 0;
  } catch (const std::exception& problem) {
    living_message() = problem.what();
  }
  return -1;
}

}  // namespace dmf
