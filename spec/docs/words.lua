-- What each operation is for, in words; everything else about it is in the operation table and in the
-- schemas. `note` says what its options and answer do not.
return {
  ListMcpConfigs = {
    "Lists the Virtual MCP servers (configs) of the environment, one page of them.",
    note = "Filters are combined; `filter_name` is exact, but for capitals.",
  },
  CreateMcpConfig = {
    "Creates a Virtual MCP server: connections, and the tools allowed from each.",
    note = "The name cannot be changed later. An empty list of tools would mean all of them and is refused;"
      .. " say `scalekit.ALL`. After a lost answer the config is looked up by its name.",
  },
  GetMcpConfig = { "Gets a config." },
  UpdateMcpConfig = {
    "Changes a config; its name and URL stay.",
    note = "Mappings are replaced as a whole. What is left out stays as it is, and nothing can be cleared."
      .. " Sessions that run meanwhile may lose tools.",
  },
  DeleteMcpConfig = { "Deletes a config; its URL is dead at once." },
  ListMcpConnectedAccounts = {
    "Which accounts a user has for the connections of a config, one entry for each connection.",
    note = "With links, accounts that are missing are created. A link works once, for one minute.",
  },
  CreateMcpSessionToken = {
    "Mints a session token: good for one config and one user, for a short time.",
    note = "Every connection of the config needs an ACTIVE account of the user, else the error's kind is"
      .. " `authorization_required` or `bad_request`.",
  },
  EnsureMcpInstance = {
    "The older model: gets the server of one user for a config, or creates it.",
    note = "Its URL needs no token, so it must not be shared.",
  },
  ListMcpInstances = { "The older model: lists servers of users, one page of them." },
  GetMcpInstance = { "The older model: gets the server of a user." },
  UpdateMcpInstance = { "The older model: renames the server of a user, or gives it another config." },
  DeleteMcpInstance = { "The older model: deletes the server of a user." },
  GetMcpInstanceAuthState = { "The older model: which accounts the user of a server has connected." },
  ListConnectedAccounts = {
    "Lists connected accounts, one page of them, without credentials.",
    note = "Give either `connection_name` or `connection_names`.",
  },
  SearchConnectedAccounts = {
    "Finds connected accounts by their identifier, provider or connection, one page of them.",
  },
  CreateConnectedAccount = {
    "Creates a user's account for a connection, perhaps with credentials.",
    note = "Without credentials it waits for the user to authorize. One that is there already is a"
      .. " `conflict`; see `get_or_create`.",
  },
  UpdateConnectedAccount = {
    "Changes an account: `api_config` is merged, and of the credentials only what is given changes.",
  },
  DeleteConnectedAccount = { "Deletes an account and revokes its credentials, for good." },
  GetConnectedAccountDetails = { "Gets an account, without credentials." },
  GetConnectedAccountAuth = {
    "Gets an account with its credentials; an access token that has run out is renewed first.",
  },
  GetMagicLinkForConnectedAccount = {
    "Makes a link under which a user authorizes a connection; creates the account if it is missing.",
    note = "The link works once, for a short time.",
  },
  VerifyConnectedAccountUser = {
    "Confirms that the user who authorized is the one who was meant, in environments that ask for it.",
    note = "Take the identifier from your own session with the user, never from the link. Works once;"
      .. " `forbidden` means somebody else, `not_found` that it has been used.",
  },
  ListTools = {
    "Lists the catalogue of tools, one page of it; a tool's name is `definition.name`.",
    note = "With `filter_summary` the answer has `tool_names` in place of `tools`.",
  },
  ListScopedTools = { "Lists the tools that a user's accounts can run, one page of them." },
  ListAvailableTools = { "Lists the tools that are there for a user, one page of them." },
  ExecuteTool = {
    "Runs a tool with a user's account, without MCP.",
    note = "What the provider refuses is a `tool_error`; it is never repeated.",
  },
  ListProviders = { "Lists providers, one page of them." },
  CreateCustomProvider = { "Creates a provider of your own." },
  UpdateCustomProvider = {
    "Changes a provider of your own; what is left out stays as it is.",
    note = "The service replaces the whole, so what is left out is read first.",
  },
  DeleteCustomProvider = { "Deletes a provider of your own, unless a connection uses it." },
}
