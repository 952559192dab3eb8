#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "apps/data/layouts/dataset.h"
#include "apps/files/csv.h"

namespace dmf {

// Images that belong together, as those of one patient: one number an item, equal within a group.

/// From a table with a column of images and one named group, patient, patient_id, subject or case.
///
/// Where files have several frames, a row a file.
///
/// throws  IoError for an image that is unknown, given twice or missing, or a row without a group
std::vector<std::size_t> groups_from_table(const CsvTable& table,
                                           const std::vector<DatasetItem>& items);

/// By what a regular expression (ECMAScript) finds in the id: its first capture, or the whole
/// match.
///
/// throws  ValueError for what is no expression, IoError naming an image in whose id it finds
///         nothing
std::vector<std::size_t> groups_by_pattern(const std::string& pattern,
                                           const std::vector<DatasetItem>& items);

/// By name, as that of a patient; items without a name are each a group of their own.
///
/// names  one an item
std::vector<std::size_t> groups_by_name(const std::vector<std::string>& names);

/// Frames of one file are together.
std::vector<std::size_t> groups_of_files(const std::vector<DatasetItem>& items);

/// Items that are together in either are together.
std::vector<std::size_t> united_groups(const std::vector<std::size_t>& a,
                                       const std::vector<std::size_t>& b);

/// A warning where names suggest several images a patient ("0001-l", "0001-r"); else empty.
std::string warn_several_per_patient(const std::vector<std::string>& names);

}  // namespace dmf
