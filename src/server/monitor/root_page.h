// `/`: a page with a link to each endpoint. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace midge::server {

[[nodiscard]] std::string compose_root_page(std::string_view server_name, std::string_view version,
                                            std::string_view midge_version,
                                            std::string_view base_path);

}  // namespace midge::server
