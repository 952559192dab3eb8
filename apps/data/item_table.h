#pragma once

#include <set>
#include <string>
#include <vector>

#include "apps/data/layouts/dataset.h"
#include "apps/files/csv.h"

namespace dmf {

// Tables that have a row for each image of a data set.

/// The item that each row names, no item twice. A row may give the id, or the image's path from any
/// of its folders on, or its name alone where no other image has it; each with or without
/// extension, with '/' or '\'. Of an item with a neutral name both names will do.
///
/// throws  IoError for a name that no image or several have, or that is given twice
std::vector<std::size_t> items_of(const CsvTable& table, const std::string& column,
                                  const std::vector<DatasetItem>& items);

/// throws  IoError naming an item of the data set that is not among the rows'
void require_all(const std::vector<std::size_t>& rows, const std::vector<DatasetItem>& items,
                 const std::string& file);

/// The column that has one of these names, in any case.
///
/// throws  IoError naming the columns there are
std::string one_column(const CsvTable& table, const std::set<std::string>& names);

/// Names of a column of images.
extern const std::set<std::string> kImageColumns;

}  // namespace dmf
