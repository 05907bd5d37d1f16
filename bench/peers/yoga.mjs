// GraphQL Yoga 5 with DataLoader and graphql-jit; its parser and validation caches are on by default.
import { createServer } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'
import { useGraphQlJit } from '@envelop/graphql-jit'
import { loaders, port, resolvers, typeDefs } from './rest.mjs'

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  context: () => ({ loaders: loaders() }),
  plugins: [useGraphQlJit()],
  logging: false,
  graphiql: false,
})
const server = createServer(yoga)
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/graphql`))
