#include "apps/files/metadata.h"

#include "apps/support/numbers.h"
#include "engine/core/check.h"

namespace dmf {

const std::string& metadata_text(const Metadata& metadata, const std::string& key) {
  const auto it = metadata.find(key);
  DMF_CHECK(it != metadata.end(), IoError, "the metadata has no '{}': not a model of this program.",
            key);
  return it->second;
}

double metadata_number(const Metadata& metadata, const std::string& key, double least,
                       double most) {
  const std::string& text = metadata_text(metadata, key);
  const std::optional<double> value = parse_number(text);
  DMF_CHECK(value && *value >= least && *value <= most, IoError,
            "metadata '{}' is '{}': expected a number from {} to {}.", key, text, least, most);
  return *value;
}

}  // namespace dmf
