/* The weighting rules from any language: numbers in, weights and gamma out. Plain C; no function lets an
 * exception out. A training does
 *
 *   dmf_fusion *fusion = dmf_fusion_create(2, names, "dwa", "steps-per-epoch=50\n");
 *   each step:  dmf_fusion_step(fusion, values, NULL, weights, &gamma);
 *               minimise  sum_k weights[k] * loss_k + gamma * auxiliary
 *               dmf_fusion_losses_after(fusion, values), where dmf_fusion_needs() asks for them
 *   dmf_fusion_destroy(fusion);
 *
 * What gives an int returns 0, or -1 where dmf_fusion_error() says why; nothing has changed then. One
 * fusion is for one thread at a time; several may be used at once. */
#ifndef DMF_FUSION_H
#define DMF_FUSION_H

#include <stddef.h>

#define DMF_PUBLIC __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dmf_fusion dmf_fusion;

/* What a rule wants beside the losses' values; several are added up. */
enum {
  DMF_NEEDS_GRADIENTS = 1,   /* the inner products of the losses' gradients */
  DMF_NEEDS_LOSSES_AFTER = 2 /* the losses once more, after each update */
};

/* losses     K, how many; names: one for each, for messages
 * weighting  a rule, as `train --weighting` takes it
 * options    NULL, or lines "key=value" with the keys of `train`: history-size, history-size-max,
 *            initial-weights (with commas), weight-averaging, weight-max-change, weight-scale,
 *            negative-weights, aux-gamma0, aux-lambda, batch-track-steps, seed, the rules' own, as
 *            dwa-temperature; and steps-per-epoch, for rules on epochs
 * return     NULL where it cannot be */
DMF_PUBLIC dmf_fusion* dmf_fusion_create(int losses, const char* const* names,
                                         const char* weighting, const char* options);
DMF_PUBLIC void dmf_fusion_destroy(dmf_fusion* fusion);

/* Why the last function of this thread failed: one line, until the next one fails. */
DMF_PUBLIC const char* dmf_fusion_error(void);

/* DMF_NEEDS_... added up. */
DMF_PUBLIC int dmf_fusion_needs(const dmf_fusion* fusion);

/* One training step.
 *
 * values   [K], this step's losses
 * gram     [K, K], <grad L_i, grad L_j>; NULL where the rule needs none
 * weights  [K], written; gamma: written, may be NULL */
DMF_PUBLIC int dmf_fusion_step(dmf_fusion* fusion, const double* values, const double* gram,
                               double* weights, double* gamma);

/* values  [K], the losses of the same batch after the update */
DMF_PUBLIC int dmf_fusion_losses_after(dmf_fusion* fusion, const double* values);

/* All that the fusion remembers, as numbers that can be kept and given to another one of the same losses
 * and rule.
 *
 * numbers  room for so many; may be NULL where room is 0
 * return   how many there are: they are written where there is room. 0 where it fails */
DMF_PUBLIC size_t dmf_fusion_state(const dmf_fusion* fusion, double* numbers, size_t room);
DMF_PUBLIC int dmf_fusion_load_state(dmf_fusion* fusion, const double* numbers, size_t count);

#ifdef __cplusplus
}
#endif

#endif
