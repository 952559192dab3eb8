#pragma once

#include <filesystem>
#include <memory>

#include "apps/image/preprocess.h"
#include "engine/io/safetensors.h"
#include "layers/unet.h"

namespace dmf {

/// A trained network and how its images are prepared: all that prediction needs.
struct Model {
  std::unique_ptr<UNet<float>> network;
  PreprocessSpec preprocess;
};

/// Parameters, buffers and the metadata to rebuild the network. The same model gives the same
/// content: no path, time, thread count or host is in it.
Safetensors model_content(const UNet<float>& network, const PreprocessSpec& preprocess);
/// Writes that.
void save_model(const std::filesystem::path& path, const UNet<float>& network,
                const PreprocessSpec& preprocess);

/// path    a model file, or a run folder: its best.safetensors
/// return  the network in evaluation mode
/// throws  IoError for a file that is not such a model, of a newer version, or whose tensors do not
///         fit the network its metadata describes
Model load_model(const std::filesystem::path& path, Device device = Device::cpu());

}  // namespace dmf
