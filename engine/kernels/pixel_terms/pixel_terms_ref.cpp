#include "engine/kernels/elementwise/elementwise.h"
#include "engine/kernels/pixel_terms/pixel_terms.h"
#include "engine/kernels/softmax/softmax.h"

namespace dmf::ref {

#include "engine/kernels/pixel_terms/composition.h"
#include "engine/kernels/pixel_terms/instantiate.h"

}  // namespace dmf::ref
