#pragma once

#include <vector>

#include "dmf/gram.h"
#include "engine/core/choice.h"
#include "layers/networks/network.h"
#include "losses/evaluate.h"

namespace dmf {

/// Where the losses' gradients are compared with each other. At the logits they come out of the pass that
/// the losses make anyway; at parameters they take a backward pass for each loss, as far down as these
/// lie.
enum class GradientsAt : std::uint8_t { logits, last_layer, parameters };
inline constexpr Named<GradientsAt> kGradientsAt[] = {
    {"logits", GradientsAt::logits, "of the network's output, at no cost"},
    {"last_layer", GradientsAt::last_layer, "of its last layer, a short pass for each loss"},
    {"parameters", GradientsAt::parameters, "of all parameters, a backward pass for each loss"}};

/// <dL_i/dlogits, dL_j/dlogits> of every two values, over the logits of all heads.
///
/// heads  the losses' gradients at each, at least one
template <class S>
Gram products_at_logits(const std::vector<LossGradients<S>>& heads);

/// <dL_i/dp, dL_j/dp> of every two values, over all of these parameters, added up in double. The
/// parameters have no gradient before or after it; the graph stays.
///
/// parameters  in any order, not empty
template <class S>
Gram products_at(const LossValues<S>& values, const std::vector<Variable<S>>& parameters);

/// The parameters of a place: those of the module `head`, or all.
///
/// at      not the logits
/// throws  ValueError for a network without `head`
template <class S>
std::vector<Variable<S>> parameters_at(const Network<S>& network, GradientsAt at);

}  // namespace dmf
