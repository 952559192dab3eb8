#pragma once

#include <string>
#include <vector>

#include "apps/data/leakage.h"
#include "apps/inspection/image_facts.h"

namespace dmf {

/// Something about a data set that a person should look at.
struct Finding {
  std::string what;                // "lesions in less than a thousandth of the image"
  std::vector<std::string> where;  // ids of images, or names of files with the reason
  bool is_fact = false;            // worth knowing, no trouble
  bool names_files = false;        // `where` holds files' own names, whatever the ids are
};

/// Everything that inspect found out.
struct Inspection {
  std::vector<ImageFacts> images;  // by item
  LeakageReport alike;
  std::vector<Finding> findings;  // trouble first

  /// The ids of images that any finding names which is no mere fact.
  std::vector<std::string> suspects() const;
};

/// Looks at every item, on all cores.
///
/// duplicate_threshold  thumbnails that correlate above it are near-duplicates
Inspection inspect(const SampleSet& samples, double duplicate_threshold,
                   const CountProgress& on_progress = {});

/// For the terminal: counts, sizes, lesions, then a line a finding.
std::string inspection_text(const Inspection& inspection);

/// One page that needs no network: the same, with every name, and all images in one sheet.
///
/// understood  lines that say how the data set was read
/// anonymise   findings that name files are only counted
std::string inspection_page(const std::string& title, const std::vector<std::string>& understood,
                            const Inspection& inspection, bool anonymise = false);

}  // namespace dmf
