#pragma once

#include <string>
#include <vector>

#include "apps/data/annotations/annotation.h"

namespace dmf {

/// Gives every shape its class.
///
/// joined  one entry a class, labels joined by '+'; empty: a class for every label that occurs, in
///         the order of their ids in COCO, else in natural order
/// return  the names of the classes 1, 2, ...
/// throws  IoError for a label that `joined` leaves out, ValueError for one that it gives twice
std::vector<std::string> assign_label_classes(const std::vector<Annotation*>& annotations,
                                              const std::vector<std::string>& joined);

}  // namespace dmf
