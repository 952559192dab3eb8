#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "apps/image/preprocess.h"
#include "layers/unet.h"

namespace dmf {

/// A trained network and how its images are prepared: all that prediction needs.
struct Model {
  std::unique_ptr<UNet<float>> network;
  PreprocessSpec preprocess;
  std::string run = {};  // id of the run it comes from; empty where there is none
};

/// Writes parameters, buffers and the metadata to rebuild the network. The same model gives the
/// same bytes: no path, time, thread count or host is in the file.
///
/// run  id of the run it comes from, if any
void save_model(const std::filesystem::path& path, const UNet<float>& network,
                const PreprocessSpec& preprocess, const std::string& run = "");

/// path    a model file, or a run folder: its best.safetensors, once require_one_run() is content
/// return  the network in evaluation mode
/// throws  IoError for a file that is not such a model, of a newer version, or whose tensors do not
///         fit the network its metadata describes
Model load_model(const std::filesystem::path& path, Device device = Device::cpu());

}  // namespace dmf
