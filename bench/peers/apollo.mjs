// Apollo Server 5 with DataLoader, by its Fastify integration, in production mode.
import Fastify from 'fastify'
import { ApolloServer } from '@apollo/server'
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify'
import { loaders, port, resolvers, typeDefs } from './rest.mjs'

const app = Fastify()
const apollo = new ApolloServer({ typeDefs, resolvers, plugins: [fastifyApolloDrainPlugin(app)] })
await apollo.start()
await app.register(fastifyApollo(apollo), { context: async () => ({ loaders: loaders() }) })
console.log(`${await app.listen({ port, host: '127.0.0.1' })}/graphql`)
