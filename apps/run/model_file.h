#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "apps/image/masks/mask_encoding.h"
#include "apps/image/preprocess.h"
#include "engine/io/safetensors.h"
#include "layers/networks.h"

namespace dmf {

/// A trained network and how its images are prepared: all that prediction needs.
struct Model {
  std::unique_ptr<Network<float>> network;
  PreprocessSpec preprocess;
  std::optional<MaskEncoding> masks = {};  // of the data it learnt from; older files do not say
  std::string run = {};                    // id of the run it comes from; empty where there is none
};

/// Parameters, buffers and the metadata to rebuild the network. The same model gives the same
/// content: no path, time, thread count or host is in it.
///
/// run    id of the run it comes from, if any
/// masks  how the masks that it learnt from were read; null where that is not known
Safetensors model_content(const Network<float>& network, const PreprocessSpec& preprocess,
                          const std::string& run = "", const MaskEncoding* masks = nullptr);
/// Writes that.
void save_model(const std::filesystem::path& path, const Network<float>& network,
                const PreprocessSpec& preprocess, const std::string& run = "",
                const MaskEncoding* masks = nullptr);

/// path    a model file, or a run folder: its best.safetensors, once require_one_run() is content
/// return  the network in evaluation mode
/// throws  IoError for a file that is not such a model, of a newer version, or whose tensors do not
///         fit the network its metadata describes
Model load_model(const std::filesystem::path& path, const Compute& compute = Device::cpu());

}  // namespace dmf
