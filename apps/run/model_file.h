#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/evaluation/predictor.h"
#include "apps/image/masks/mask_encoding.h"
#include "apps/image/preprocess.h"
#include "engine/io/safetensors.h"
#include "layers/networks/networks.h"

namespace dmf {

/// What of a model is not its networks.
struct ModelFacts {
  PreprocessSpec preprocess = {};
  Inference inference = {};
  std::optional<MaskEncoding> masks = {};  // of the data it learnt from; older files do not say
  std::string run = {};                    // id of the run it comes from; empty where there is none
};

/// Trained networks, one or an ensemble, and how their images are prepared: all that prediction
/// needs.
struct Model : ModelFacts {
  std::vector<std::unique_ptr<Network<float>>> members = {};  // in evaluation mode

  Index classes() const { return members.front()->spec().classes; }
  /// throws  ValueError for an ensemble
  Network<float>& network() const;
  Predictor predictor() const;
};

Model model_of(std::unique_ptr<Network<float>> network, ModelFacts facts = {});

/// Parameters, buffers and the metadata to rebuild the network. The same model gives the same
/// content: no path, time, thread count or host is in it.
Safetensors model_content(const Network<float>& network, const ModelFacts& facts);
/// The same of an ensemble: everything of the network k begins with "member<k>.".
Safetensors model_content(const Model& model);
/// Writes that of a network.
void save_model(const std::filesystem::path& path, const Network<float>& network,
                const ModelFacts& facts);

/// path    a model file, or a run folder: its best.safetensors, once require_one_run() is content
/// throws  IoError for a file that is not such a model, of a newer version, or whose tensors do not
///         fit the network its metadata describes
Model load_model(const std::filesystem::path& path, const Compute& compute = Device::cpu());
/// All of them as one ensemble: the mean of their temperatures and of their thresholds, and of the rest
/// what most of them do.
///
/// throws  as load_model; ValueError naming two that differ in how they prepare images or masks
Model load_models(const std::vector<std::string>& paths, const Compute& compute = Device::cpu());

}  // namespace dmf
