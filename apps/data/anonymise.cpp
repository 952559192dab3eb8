#include "apps/data/anonymise.h"

#include "engine/io/hash.h"

namespace dmf {

std::string neutral_name(const std::string& name) {
  return "image_" + hash_of(name);
}

void anonymise(Dataset& dataset) {
  for (DatasetItem& item : dataset.items) {
    item.anonymised_from = item.id;
    item.id = neutral_name(item.id);
  }
}

}  // namespace dmf
