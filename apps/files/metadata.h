#pragma once

#include <map>
#include <string>

namespace dmf {

/// The string metadata of a safetensors file.
using Metadata = std::map<std::string, std::string>;

/// throws  IoError naming the key where it is missing
const std::string& metadata_text(const Metadata& metadata, const std::string& key);

/// throws  IoError naming the key where it is missing or no number from `least` to `most`
double metadata_number(const Metadata& metadata, const std::string& key, double least, double most);

}  // namespace dmf
