// The page of the API's documentation; Swagger UI is a classic script that came before this one.
globalThis.SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#documentacao",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null,
});
