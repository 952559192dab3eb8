#include "apps/report/run_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "apps/report/panels.h"
#include "engine/io/atomic_file.h"

namespace dmf {

void write_metrics(const std::filesystem::path& path, const Evaluation& evaluation,
                   const std::string& part, const std::string& split) {
  nlohmann::ordered_json json = {{"part", part}, {"split", split}};
  json.update(evaluation.to_json());
  write_file_atomically(path, json.dump(2) + "\n");
}

void write_panels(const std::filesystem::path& folder, Model& model, const SampleSet& samples,
                  const std::vector<std::size_t>& items, std::size_t count) {
  std::filesystem::create_directories(folder);
  const std::size_t shown = std::min(count, items.size());
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t item = items[k * items.size() / shown];
    const Sample sample = samples.sample(item);
    const Batch batch = make_batch({sample}, {item});
    const auto probabilities = to_probabilities(evaluation_logits(*model.network, batch.images));
    std::string name = samples.item(item).id;
    std::replace(name.begin(), name.end(), '/', '_');
    write_png(folder / (name + ".png"),
              panel(sample.image, sample.labels, likeliest(probabilities.front())));
  }
}

}  // namespace dmf
