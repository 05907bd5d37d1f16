// Starts GraphiQL on this gateway. Headers stay in memory: a token is never written to the browser's storage.
async function start() {
  const answer = await fetch("/graphiql/default.graphql");
  const properties = {
    fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
    defaultQuery: await answer.text(),
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: false,
  };
  ReactDOM.createRoot(document.getElementById("graphiql")).render(React.createElement(GraphiQL, properties));
}

start();
